/**
 * The schema registry as items: one for each revision, and one for each subject that says how many there are and in which
 * mode. A revision and its subject change together, if the subject is as it was read.
 * @module
 */
import { Effect } from "effect"
import { Limits } from "../../../core/Limits.ts"
import * as Registration from "../../../core/Registration.ts"
import {
  type RegistryUnavailable,
  type Revision,
  SchemaNotRegistered,
  SchemaRegistry,
  type Shape,
} from "../../../core/SchemaRegistry.ts"
import type { Mode } from "../../../schemas/Difference.ts"
import * as Subject from "../../../schemas/Subject.ts"
import { isAbsent, type Key, type Row, type Rows } from "./rows.ts"

/** All subjects stand together, so that they are listed in their order; a schema is written rarely and read from memory. */
const placeOf = (subject: string): Key => ({ pk: "subjects", sk: subject })
const revisionKey = (subject: string, revision: number): Key => ({
  pk: `schema#${subject}`,
  sk: String(revision).padStart(6, "0"),
})

const { unavailable } = Registration

/** What a registration decides on: any change of it refuses what was decided. */
interface Standing {
  readonly count: number
  readonly mode: Mode
}
const none: Standing = { count: 0, mode: Registration.defaultMode }

const revisionOf = (subject: string, { schema, sk }: Row): Effect.Effect<Revision, RegistryUnavailable> => {
  const revision = Registration.stored(subject, Number(sk), `${schema}`)
  return revision === undefined ? Effect.fail(unavailable({ reason: "corrupt" })) : Effect.succeed(revision)
}

export const make = (rows: Rows): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    const subjectOf = (subject: string): Effect.Effect<Standing, RegistryUnavailable> =>
      Effect.mapBoth(rows.get(placeOf(subject)), {
        onSuccess: (row) => row === undefined ? none : { count: Number(row["count"]), mode: row["mode"] as Mode },
        onFailure: unavailable,
      })
    const some = (subject: string, sort: string, sk: string, limit: number, isBackwards = false) => {
      if (Subject.parse(subject) === undefined) return Effect.succeed([])
      const where = { text: `#pk = :pk AND #sk ${sort} :sk`, values: { pk: `schema#${subject}`, sk } }
      return rows.query({ where, limit, isBackwards }).pipe(
        Effect.mapError(unavailable),
        Effect.flatMap((found) => Effect.forEach(found, (row) => revisionOf(subject, row))),
      )
    }
    const earlierOf = (subject: string) => some(subject, ">", "0", limits.revisions + 1)
    /** The subject first: whoever comes in between has raised it, and refuses what is decided on it. */
    const standing = (subject: string) => Effect.all([subjectOf(subject), earlierOf(subject)])

    const attempt = Effect.fnUntraced(function* (candidate: Registration.Candidate) {
      const [{ count, mode }, earlier] = yield* standing(candidate.subject)
      const { isNew, revision } = yield* Effect.fromResult(Registration.next(candidate, earlier, mode, limits))
      if (!isNew) return revision
      if (earlier.length !== count) return undefined
      const { subject } = candidate
      const written = yield* rows.putAll([
        {
          row: { ...revisionKey(subject, revision.revision), schema: JSON.stringify(revision.schema) },
          condition: isAbsent,
        },
        {
          row: { ...placeOf(subject), count: revision.revision, mode },
          condition: count === 0 ? isAbsent : { text: "#count = :count AND #mode = :mode", values: { count, mode } },
        },
      ]).pipe(Effect.mapError(unavailable))
      return written._tag === "Done" ? revision : undefined
    })

    return SchemaRegistry.of({
      register: Effect.fnUntraced(function* (subject, schema) {
        const candidate = yield* Effect.fromResult(Registration.candidate(subject, schema, limits))
        // One whose answer was lost finds what it has stored.
        return yield* Registration.amongRivals(attempt(candidate))
      }),
      get: Effect.fnUntraced(function* (subject, revision) {
        if (revision !== "latest" && !(Number.isSafeInteger(revision) && revision > 0)) {
          return yield* SchemaNotRegistered.of(subject, revision)
        }
        const found = revision === "latest"
          ? yield* some(subject, ">", "0", 1, true)
          : yield* some(subject, "=", revisionKey(subject, revision).sk, 1)
        return found[0] ?? (yield* SchemaNotRegistered.of(subject, revision))
      }),
      revisions: Effect.fnUntraced(function* (subject) {
        const found = yield* earlierOf(subject)
        return found.length === 0 ? yield* new SchemaNotRegistered({ subject }) : found
      }),
      subjects: (after, limit) => {
        // No text of a key is empty.
        const where = { text: "#pk = :pk AND #sk > :after", values: { pk: "subjects", after: after || " " } }
        return rows.query({ where, limit }).pipe(
          Effect.map((found) => found.map(({ sk }) => `${sk}`)),
          Effect.mapError(unavailable),
        )
      },
      check: Effect.fnUntraced(function* (subject, schema) {
        const candidate = yield* Effect.fromResult(Registration.candidate(subject, schema, limits))
        const [{ mode }, earlier] = yield* standing(subject)
        return yield* Effect.fromResult(Registration.report(candidate, earlier, mode, limits))
      }),
      setMode: Effect.fnUntraced(function* (subject, mode) {
        if (Subject.parse(subject) === undefined) return yield* new SchemaNotRegistered({ subject })
        const change = { text: "SET #mode = :mode", values: { mode } }
        const written = yield* Effect.mapError(
          rows.update(placeOf(subject), change, { text: "attribute_exists(#pk)" }),
          unavailable,
        )
        if (written._tag === "Refused") return yield* new SchemaNotRegistered({ subject })
      }),
    })
  })
