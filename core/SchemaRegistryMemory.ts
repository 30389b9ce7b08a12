/**
 * The schema registry in memory, and the specification of every other one.
 * @module
 */
import { Effect, Layer, Result } from "effect"
import type { Mode } from "../schemas/Difference.ts"
import { Limits } from "./Limits.ts"
import * as Registration from "./Registration.ts"
import { type JsonSchema, type Revision, SchemaNotRegistered, SchemaRegistry, type Shape } from "./SchemaRegistry.ts"

/** The revisions of each subject, ascending, and the modes that were set. */
export interface State {
  readonly revisions: Map<string, ReadonlyArray<Revision>>
  readonly modes: Map<string, Mode>
}
export const fresh = (): State => ({ revisions: new Map(), modes: new Map() })

/** A registry over `state`. */
export const make = ({ modes, revisions }: State = fresh()): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    const earlierOf = (subject: string) => revisions.get(subject) ?? []
    const modeOf = (subject: string) => modes.get(subject) ?? Registration.defaultMode
    const candidate = (subject: string, schema: JsonSchema) => Registration.candidate(subject, schema, limits)
    const known = (subject: string): Effect.Effect<ReadonlyArray<Revision>, SchemaNotRegistered> => {
      const found = revisions.get(subject)
      return found === undefined ? Effect.fail(new SchemaNotRegistered({ subject })) : Effect.succeed(found)
    }
    return SchemaRegistry.of({
      register: (subject, schema) =>
        Effect.suspend(() =>
          Effect.fromResult(Result.map(
            Result.flatMap(
              candidate(subject, schema),
              (of) => Registration.next(of, earlierOf(subject), modeOf(subject), limits),
            ),
            ({ isNew, revision }) => {
              if (isNew) revisions.set(subject, [...earlierOf(subject), revision])
              return revision
            },
          ))
        ),
      get: (subject, revision) =>
        Effect.suspend(() => {
          const found = revision === "latest"
            ? earlierOf(subject).at(-1)
            : earlierOf(subject).find((one) => one.revision === revision)
          return found === undefined ? Effect.fail(SchemaNotRegistered.of(subject, revision)) : Effect.succeed(found)
        }),
      revisions: (subject) => Effect.suspend(() => known(subject)),
      subjects: (after = "", limit) =>
        Effect.sync(() => [...revisions.keys()].filter((subject) => subject > after).sort().slice(0, limit)),
      check: (subject, schema) =>
        Effect.suspend(() =>
          Effect.fromResult(Result.flatMap(
            candidate(subject, schema),
            (of) => Registration.report(of, earlierOf(subject), modeOf(subject), limits),
          ))
        ),
      setMode: (subject, mode) => Effect.map(Effect.suspend(() => known(subject)), () => void modes.set(subject, mode)),
    })
  })

/** A registry over `state`, so that a test can crash it and open the same data again. */
export const layerOf = (state: State): Layer.Layer<SchemaRegistry> => Layer.effect(SchemaRegistry, make(state))

/** An empty registry of its own. */
export const layer: Layer.Layer<SchemaRegistry> = Layer.effect(SchemaRegistry, Effect.suspend(() => make()))
