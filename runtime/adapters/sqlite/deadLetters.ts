/**
 * Dead letters in the same file as the events, over the same connection: one of its own would look like another writer.
 *
 * A letter is kept as JSON; beside it stands what it is looked up and listed by.
 * @module
 */
import { Effect } from "effect"
import * as Cursor from "../../../core/Cursor.ts"
import { again, asking, type DeadLetter, DeadLetters, firstFence, idOf, type Shape } from "../../../core/DeadLetters.ts"
import { keyOf } from "../../../core/Stream.ts"
import type { Connection } from "./connection.ts"
import { patient } from "./patience.ts"
import { type Session, transact } from "./session.ts"

type Statements = Session["statements"]
interface Row {
  readonly letter: string
  readonly fence: number
}
/** Before there were discards a letter said `redriving`, and not what is `asked`. */
interface Older {
  readonly redriving?: boolean
}
const letterOf = (row: unknown): DeadLetter => {
  const { fence, letter } = row as Row
  const { redriving, ...read } = JSON.parse(letter) as DeadLetter & Older
  return { ...read, asked: read.asked ?? (redriving === true ? "redrive" : "nothing"), fence }
}
const kept = ({ deadLetter }: Statements, id: string): DeadLetter | undefined => {
  const row = deadLetter.get(id)
  return row === undefined ? undefined : letterOf(row)
}
const save = ({ saveDeadLetter }: Statements, letter: DeadLetter): DeadLetter => {
  const { asked, consumer, fence, id, lastAt, stream } = letter
  const text = JSON.stringify(letter)
  saveDeadLetter.run(id, stream.tenant, consumer, keyOf(stream), lastAt, asked === "nothing" ? 0 : 1, fence, text)
  return letter
}

export const make = (connection: Connection): Shape => {
  const write = <A>(f: (statements: Statements) => A, repeats = true) =>
    patient(repeats)(connection.write((session) => transact(session, () => f(session.statements))))
  return DeadLetters.of({
    put: (letter) =>
      Effect.flatMap(firstFence, (fence) =>
        write((statements) => {
          const before = kept(statements, letter.id)
          return save(statements, before === undefined ? { ...letter, asked: "nothing", fence } : again(before, letter))
          // The attempts would count twice.
        }, false)),
    get: (tenant, id) =>
      connection.read(({ statements }) => {
        const letter = kept(statements, id)
        return letter?.stream.tenant === tenant ? letter : undefined
      }),
    list: (tenant, filter, cursor, limit) => {
      const asked = ["sqlite", "dead-letters", tenant, filter.consumer ?? "", filter.stream ?? ""]
      return Effect.flatMap(
        Cursor.decode<[number, string]>(asked, "is", cursor),
        (after) =>
          connection.read(({ statements }) => {
            const [lastAt, id] = after ?? [Number.MAX_SAFE_INTEGER, ""]
            const [consumer, stream] = [filter.consumer ?? null, filter.stream ?? null]
            // One more than asked for tells whether there is another page.
            const rows = statements.deadLetters.all(tenant, lastAt, id, consumer, stream, limit + 1).map(letterOf)
            return Cursor.paged(rows, limit, ({ id, lastAt }) => Cursor.encode(asked, [lastAt, id]))
          }),
      )
    },
    parked: (consumer, streams) => {
      const byId = new Map(streams.map((stream) => [idOf(consumer, stream), keyOf(stream)]))
      if (byId.size === 0) return Effect.succeed(new Set())
      const asked = JSON.stringify([...byId.keys()])
      return patient(true)(connection.write((session) => {
        const { parked, passBy } = session.statements
        // Mostly there is none, and nothing is written.
        const found = parked.all(asked).length === 0 ? [] : transact(session, () => passBy.all(asked))
        return new Set((found as ReadonlyArray<{ readonly id: string }>).map(({ id }) => byId.get(id)!))
      }))
    },
    ask: (tenant, id, what, version) =>
      write((statements) => {
        const letter = kept(statements, id)
        if (letter?.stream.tenant !== tenant) return undefined
        const next = asking(letter, what, version)
        return next === letter ? letter : save(statements, next)
      }),
    asked: (consumer, limit) =>
      connection.read(({ statements }) => statements.asked.all(consumer, limit).map(letterOf)),
    resolve: ({ fence, id }) =>
      write(({ dropDeadLetter, deadLetter }) =>
        dropDeadLetter.run(id, fence).changes > 0 || deadLetter.get(id) === undefined
      ),
  })
}
