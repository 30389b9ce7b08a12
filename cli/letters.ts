/**
 * What the verbs of dead letters share: how they are named, chosen and shown.
 * @module
 */
import { Effect, type Layer } from "effect"
import type { DeadLetter, DeadLetters, Filter } from "../core/DeadLetters.ts"
import { BadCursor, type EventStore, type StoreUnavailable } from "../core/EventStore.ts"
import type { Leases } from "../core/Leases.ts"
import { idPattern, keyOf } from "../core/Stream.ts"
import * as LetterNames from "../runtime/LetterNames.ts"
import type * as RedrivePlan from "../runtime/RedrivePlan.ts"
import { bare, colored, full, type Paint, plain } from "./paint.ts"
import { plural } from "./schemas/text.ts"
import { failed, Failure, type Input, notAsked, type Option, wrong } from "./Verb.ts"

export type Open = (input: Input) => Layer.Layer<DeadLetters | EventStore | Leases, { readonly message: string }>
export type Options = { readonly [name: string]: Option }

export const paintOf = ({ color }: Input): Paint => color ? colored : plain
/** Events shown of one letter. */
export const eventMax = 100

export const filters: Options = {
  tenant: { help: "Whose dead letters", value: "TENANT" },
  consumer: { help: "Of this consumer, or of `router`", value: "NAME" },
  stream: { help: "Of this stream", value: "AGGREGATE/ID" },
}
export const operand = "consumer/tenant/Aggregate/id, and the event id of a message, as the list shows it"

/** What is asked for is checked before the store is opened. */
export const chosen = Effect.fnUntraced(function* ({ option }: Input) {
  const [tenant, consumer, stream] = [option("tenant"), option("consumer"), option("stream")]
  if (tenant === undefined) return yield* wrong("--tenant is missing: --tenant TENANT")
  for (const [name, text] of [["tenant", tenant], ["consumer", consumer]]) {
    if (text !== undefined && !idPattern.test(text)) return yield* wrong(`--${name} "${text}" is no name of a ${name}`)
  }
  const [aggregate = "", id = "", more] = stream?.split("/") ?? []
  if (stream !== undefined && (more !== undefined || ![aggregate, id].every((part) => idPattern.test(part)))) {
    return yield* wrong("--stream is not Aggregate/id")
  }
  const filter: Filter = {
    ...consumer === undefined ? {} : { consumer },
    ...stream === undefined ? {} : { stream: keyOf({ tenant, aggregate, id }) },
  }
  return { tenant, filter, isSome: consumer !== undefined || stream !== undefined }
})

/** Of a filter that found nothing: wrong where it names nobody. Where there is no application the store alone is asked. */
export const meant = ({ app, option }: Input, tenant: string, filter: Filter) => {
  let more = ""
  const consumers = Effect.catch(Effect.map(app, (app) => app.consumers), ({ message }) => {
    more = `, and those of the application: ${message}`
    return Effect.succeed({})
  })
  return LetterNames.check(consumers, tenant, filter).pipe(
    Effect.catchTags({
      NoSuchConsumer: ({ known }) =>
        wrong(`there is no consumer ${option("consumer")!}: there are ${known.join(", ")}${more}`),
      NoSuchStream: () => wrong(`there is no stream ${tenant}/${option("stream")!}`),
    }),
  )
}

export const tenantOf = (id: string): string => id.split("/")[1] ?? ""
export const missing = (id: string) => failed(`there is no dead letter ${full(id)}`)

export const opened = <A>(
  open: Open,
  input: Input,
  program: Effect.Effect<A, Failure | StoreUnavailable | BadCursor, DeadLetters | EventStore | Leases>,
): Effect.Effect<A, Failure> =>
  program.pipe(
    Effect.provide(open(input)),
    Effect.mapError((error) => {
      if (error instanceof Failure) return error
      if (error instanceof BadCursor) return wrong("--cursor is of another list")
      return notAsked(error)
    }),
  )

export const shown = ({ fence: _, ...letter }: DeadLetter) => letter
export const time = (ms: number): string => new Date(ms).toISOString()

const asks = { nothing: "", redrive: " (to be redriven)", discard: " (to be discarded)" }
export const letterText = (letter: DeadLetter, paint: Paint): string => {
  const { asked, attempts, error, firstAt, id, kind, lastAt, type, version } = letter
  const what = kind === "stream" ? `waits at ${version}` : `gave up ${version}`
  return [
    `${paint.strong(full(id))} ${what} ${bare(type)}${asks[asked]}`,
    `  ${paint.removed(full(error))}`,
    `  ${paint.dim(`${plural(attempts, "attempt")}, ${time(firstAt)} to ${time(lastAt)}`)}`,
  ].join("\n")
}

export const planText = ({ events, givenUp, next }: RedrivePlan.Plan, paint: Paint): string =>
  [
    ...givenUp === undefined ? [] : [
      paint.removed(`  ${givenUp.version} ${bare(givenUp.type)} is given up`) +
      (givenUp.isStored ? "" : ", which the store does not have"),
    ],
    ...events.length === 0 ? [paint.dim("  nothing would be handled again")] : [],
    ...events.flatMap(({ problem, schemaVersion, type, version }) => [
      `  ${version} ${bare(type)} v${schemaVersion}`,
      ...problem === undefined ? [] : [paint.removed(`    ! ${full(problem)}`)],
    ]),
    ...next === undefined ? [] : [paint.dim(`  more from version ${next} on`)],
  ].join("\n")
