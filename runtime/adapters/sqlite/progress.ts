/**
 * How far consumers have come, in the same file as the events, over the same connection: one of its own would look like
 * another writer. All marks of a call are one transaction, and so one fsync.
 * @module
 */
import { Effect } from "effect"
import { type Mark, Progress, type Shape } from "../../../core/Progress.ts"
import { keyOf } from "../../../core/Stream.ts"
import type { Connection } from "./connection.ts"
import { patient } from "./patience.ts"
import { transact } from "./session.ts"

export const make = (connection: Connection): Shape =>
  Progress.of({
    read: (consumer, streams) =>
      streams.length === 0
        ? Effect.succeed([])
        : connection.read(({ statements }) =>
          statements.marks.all(JSON.stringify(streams.map(keyOf)), consumer) as unknown as ReadonlyArray<Mark>
        ),
    advance: (consumer, marks) =>
      marks.length === 0 ? Effect.void : patient(true)(connection.write((session) =>
        transact(session, () => {
          const { raiseMark } = session.statements
          for (const { mark, stream } of marks) raiseMark.run(consumer, keyOf(stream), mark.version, mark.core)
        })
      )),
  })
