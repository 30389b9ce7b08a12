/**
 * Planted bugs, so that the tests that kill and trace the server can show that they find one.
 * @module
 */
import { DatabaseSync } from "node:sqlite"

/** Commits without their fsync: they survive a killed process, but not a lost power supply. */
export const unsynced = "unsynced"
/** Answers before the commit, which comes up to 300 ms later: a killed process loses what it acknowledged. */
export const late = "late"
/** The same over DynamoDB. */
export const lateCalls = "late-calls"
export type Bug = typeof unsynced | typeof late | typeof lateCalls

const { prepare } = DatabaseSync.prototype
const nothing = { changes: 0, lastInsertRowid: 0 }

type Prepare = (this: DatabaseSync, ...args: Parameters<typeof prepare>) => ReturnType<typeof prepare>
const plants: Readonly<Record<Exclude<Bug, typeof lateCalls>, Prepare>> = {
  unsynced(sql, options) {
    return prepare.call(this, sql.replace("synchronous = FULL", "synchronous = NORMAL"), options)
  },
  late(sql, options) {
    const statement = prepare.call(this, sql, options)
    const run = statement.run.bind(statement)
    if (sql === "BEGIN IMMEDIATE") statement.run = () => this.isTransaction ? nothing : run()
    if (sql === "COMMIT") {
      setInterval(() => this.isTransaction && run(), 300)
      statement.run = () => nothing
    }
    return statement
  },
}

interface Asked {
  readonly input: unknown
}
const delayCalls = async (): Promise<void> => {
  const { DynamoDBClient, PutItemCommand, TransactWriteItemsCommand } = await import("@aws-sdk/client-dynamodb")
  const send = DynamoDBClient.prototype.send as (this: object, command: object, options?: object) => Promise<object>
  const isEvents = (command: object) => /"TableName":"[^"]*-events"/.test(JSON.stringify((command as Asked).input))
  DynamoDBClient.prototype.send = function (this: object, command: object, options: object) {
    const isWrite = command instanceof PutItemCommand || command instanceof TransactWriteItemsCommand
    if (!isWrite || !isEvents(command)) return send.call(this, command, options)
    setTimeout(() => send.call(this, command).catch(() => {}), 300)
    return Promise.resolve({})
  } as never
}

/** Gives every connection that this process opens from here on the bug; nothing where there is no such bug. */
export const plant = async (bug: string | undefined): Promise<void> => {
  if (bug === lateCalls) await delayCalls()
  const planted = plants[bug as keyof typeof plants]
  if (planted !== undefined) DatabaseSync.prototype.prepare = planted
}
