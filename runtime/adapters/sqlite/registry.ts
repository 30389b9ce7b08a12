/**
 * The schema registry in the same file as the events, over the same connection: one of its own would look like another
 * writer.
 * @module
 */
import { Effect, Result } from "effect"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import { Limits } from "../../../core/Limits.ts"
import * as Registration from "../../../core/Registration.ts"
import { type Revision, SchemaNotRegistered, SchemaRegistry, type Shape } from "../../../core/SchemaRegistry.ts"
import type { Mode } from "../../../schemas/Difference.ts"
import type { Connection } from "./connection.ts"
import { patient } from "./patience.ts"
import { type Session, transact } from "./session.ts"

interface Row {
  readonly revision: number
  /** JSON text. */
  readonly schema: string
}

const revisionOf = (subject: string, { revision, schema }: Row): Revision => {
  const found = Registration.stored(subject, revision, schema)
  if (found === undefined) throw new StoreUnavailable({ reason: "corrupt" })
  return found
}

export const make = (connection: Connection): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    const read = <A>(f: (session: Session) => A) => Effect.mapError(connection.read(f), Registration.unavailable)
    const write = <A>(f: (session: Session) => A) =>
      // Registering is idempotent: behind a commit whose outcome is unknown it finds what was stored.
      Effect.mapError(patient(true)(connection.write(f)), Registration.unavailable)

    const modeOf = ({ statements }: Session, subject: string): Mode =>
      (statements.schemaMode.get(subject) as { readonly mode: Mode } | undefined)?.mode ?? Registration.defaultMode
    const earlierOf = ({ statements }: Session, subject: string): ReadonlyArray<Revision> =>
      (statements.schemaRevisions.all(subject) as ReadonlyArray<Row>).map((row) => revisionOf(subject, row))
    /** Moves with every registration, and with the mode. */
    const stateOf = (session: Session, subject: string): string => {
      const { count } = session.statements.schemaCount.get(subject) as { readonly count: number }
      return `${count} ${modeOf(session, subject)}`
    }

    /** Compared before the file is locked, stored if nobody came between; nothing: somebody did. */
    const attempt = (session: Session, candidate: Registration.Candidate) => {
      const { subject } = candidate
      const before = stateOf(session, subject)
      const ruling = Registration.next(candidate, earlierOf(session, subject), modeOf(session, subject), limits)
      if (Result.isFailure(ruling) || !ruling.success.isNew) return ruling
      return transact(session, () => {
        if (stateOf(session, subject) !== before) return undefined
        const { hash, revision, schema } = ruling.success.revision
        session.statements.insertRevision.run(subject, revision, hash, JSON.stringify(schema))
        return ruling
      })
    }

    return SchemaRegistry.of({
      register: Effect.fnUntraced(function* (subject, schema) {
        const candidate = yield* Effect.fromResult(Registration.candidate(subject, schema, limits))
        const ruling = yield* Registration.amongRivals(write((session) => attempt(session, candidate)))
        return (yield* Effect.fromResult(ruling)).revision
      }),
      get: Effect.fnUntraced(function* (subject, revision) {
        const found = yield* read(({ statements }) => {
          const row = (revision === "latest"
            ? statements.schemaLatest.get(subject)
            : Number.isSafeInteger(revision)
            ? statements.schemaRevision.get(subject, revision)
            : undefined) as Row | undefined
          return row && revisionOf(subject, row)
        })
        return found ?? (yield* SchemaNotRegistered.of(subject, revision))
      }),
      revisions: Effect.fnUntraced(function* (subject) {
        const found = yield* read((session) => earlierOf(session, subject))
        return found.length === 0 ? yield* new SchemaNotRegistered({ subject }) : found
      }),
      subjects: (after = "", limit) =>
        read(({ statements }) =>
          (statements.schemaSubjects.all(after, limit) as ReadonlyArray<{ readonly subject: string }>)
            .map(({ subject }) => subject)
        ),
      check: Effect.fnUntraced(function* (subject, schema) {
        const candidate = yield* Effect.fromResult(Registration.candidate(subject, schema, limits))
        const [earlier, mode] = yield* read((session) =>
          [earlierOf(session, subject), modeOf(session, subject)] as const
        )
        return yield* Effect.fromResult(Registration.report(candidate, earlier, mode, limits))
      }),
      setMode: Effect.fnUntraced(function* (subject, mode) {
        const isThere = yield* write((session) =>
          transact(session, () => {
            const { count } = session.statements.schemaCount.get(subject) as { readonly count: number }
            if (count > 0) session.statements.saveSchemaMode.run(subject, mode)
            return count > 0
          })
        )
        if (!isThere) return yield* new SchemaNotRegistered({ subject })
      }),
    })
  })
