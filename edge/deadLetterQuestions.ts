/**
 * What is asked of the routes to dead letters: which ones are meant, and what was seen of them.
 * @module
 */
import { Effect, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import type { Ask, DeadLetter, Filter } from "../core/DeadLetters.ts"
import type { Limits } from "../core/Limits.ts"
import { Id, idPattern, keyOf } from "../core/Stream.ts"
import * as Discard from "../runtime/Discard.ts"
import * as Issue from "../schemas/Issue.ts"
import * as body from "./body.ts"
import * as query from "./query.ts"
import { FilterInvalid, NotDiscardable, QueryInvalid, UnsupportedMediaType } from "./refusals.ts"
import type { Call, Parameter } from "./route.ts"

const streamPattern = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}\/[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/u
const streamRule = "an aggregate, a slash and an id"
const StreamName = Schema.String.pipe(Schema.check(Schema.isPattern(streamPattern, { expected: streamRule })))
const streamHelp = "`Order/o-1`: aggregate and id."

export const letterOf: Parameter = {
  name: "letter",
  in: "path",
  description: "The id of a dead letter, as the listing says it.",
  schema: Schema.String.pipe(Schema.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,1024}$/))),
}
const dryRunOf: Parameter = {
  name: "dryRun",
  in: "query",
  description: "`true`: show what would be done, and change nothing.",
  schema: Schema.Literals(["true", "false"]),
}
const seenOf: Parameter = {
  name: "seen",
  in: "query",
  description: "The letter's version as it was seen: exactly this event is given up. Needed, but for a dry run.",
  schema: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }))),
}
export const filters: ReadonlyArray<Parameter> = [
  { name: "consumer", in: "query", description: "Of this consumer, or of `router`.", schema: Id },
  { name: "stream", in: "query", description: streamHelp, schema: StreamName },
]
export const parametersOf = { redrive: [letterOf, dryRunOf], discard: [letterOf, seenOf, dryRunOf] }

const fields = {
  consumer: Schema.optionalKey(Id),
  stream: Schema.optionalKey(StreamName.annotate({ description: streamHelp })),
  dryRun: Schema.optionalKey(Schema.Boolean.annotate({ description: "Show what would be done, and change nothing." })),
  cursor: Schema.optionalKey(Schema.String.annotate({ description: "Of the answer before, to go on behind it." })),
}
const Redriven = Schema.Struct({
  ...fields,
  all: Schema.optionalKey(Schema.Literal(true).annotate({ description: "Every dead letter of the tenant." })),
}).annotate({ description: "Which ones: by `consumer`, `stream` or both, or `all` alone." })
const Discarded = Schema.Struct({
  ...fields,
  until: Schema.Int.annotate({
    description: "The newest `lastAt` that was seen, in milliseconds since 1970: what failed later is left.",
  }),
}).annotate({ description: "Which ones: by `consumer`, `stream` or both. The router's are left." })

export const bodyOf = { redrive: Redriven, discard: Discarded }
const strict = { onExcessProperty: "error" } as const
const decode = {
  redrive: Schema.decodeUnknownResult(Redriven, strict),
  discard: Schema.decodeUnknownResult(Discarded, strict),
}
const rules = {
  redrive: "Expected consumer, stream or both, or all: true alone",
  discard: "Expected consumer, stream or both",
}

interface Asked {
  readonly filter: Filter
  readonly dryRun: boolean
  readonly cursor: string | undefined
  /** Whether this one is meant, of those that fit the filter. */
  readonly means: (letter: DeadLetter) => boolean
}

/** Of a call whose body names several. */
export const askedIn = Effect.fnUntraced(function* ({ principal, request }: Call, what: Ask, limits: Limits) {
  if (!body.isJson(request)) return yield* new UnsupportedMediaType()
  const asked: Result.Result<typeof Redriven.Type | typeof Discarded.Type, Schema.SchemaError> = decode[what](
    yield* body.json(request, limits),
  )
  if (Result.isFailure(asked)) {
    const { pointer, rule } = Issue.fromSchemaError(asked.failure)[0]!
    return yield* new FilterInvalid({ pointer: pointer.slice(0, 256).toWellFormed(), rule })
  }
  const { consumer, cursor, dryRun = false, stream } = asked.success
  // Whoever wants everything says so: a filter that was forgotten, or spelt wrongly, does not.
  const isSome = consumer !== undefined || stream !== undefined
  if (isSome === "all" in asked.success) return yield* new FilterInvalid({ pointer: "", rule: rules[what] })
  if (what === "discard" && consumer !== undefined && !Discard.isDiscardable({ consumer })) {
    return yield* new NotDiscardable()
  }
  const until = "until" in asked.success ? asked.success.until : undefined
  const means = (letter: DeadLetter) => until === undefined || (letter.lastAt <= until && Discard.isDiscardable(letter))
  const filter = filterOf(principal.tenant, { ...consumer && { consumer }, ...stream && { stream } })
  return { filter, dryRun, cursor, means } satisfies Asked
})

/** The id that stands behind the text of a path, if it is one of this tenant. */
export const idOf = ({ id: text, principal }: Call): string | undefined => {
  const id = Result.getOrElse(Base64Url.decodeString(text), () => "")
  return id.split("/")[1] === principal.tenant && Base64Url.encode(id) === text ? id : undefined
}

export const filterOf = (
  tenant: string,
  { consumer, stream }: { readonly consumer?: string; readonly stream?: string },
): Filter => {
  const [aggregate = "", id = ""] = stream?.split("/") ?? []
  return {
    ...consumer === undefined ? {} : { consumer },
    ...stream === undefined ? {} : { stream: keyOf({ tenant, aggregate, id }) },
  }
}

const matching = (call: Call, name: string, pattern: RegExp, rule: string) => {
  const text = call.query.get(name)
  return text === undefined || pattern.test(text)
    ? Effect.succeed(text === undefined ? {} : { [name]: text })
    : Effect.fail(new QueryInvalid({ parameter: name, rule }))
}
export const consumerIn = (call: Call) => matching(call, "consumer", idPattern, "Expected the name of a consumer")
export const streamIn = (call: Call) => matching(call, "stream", streamPattern, `Expected ${streamRule}`)

const dryRunIn = (call: Call) => {
  const text = call.query.get("dryRun") ?? "false"
  return text === "true" || text === "false"
    ? Effect.succeed(text === "true")
    : Effect.fail(new QueryInvalid({ parameter: "dryRun", rule: "Expected true or false" }))
}

/** Of a call about one letter: the version that was seen, where that must be said or was. */
export const oneIn = Effect.fnUntraced(function* (call: Call, what: Ask) {
  const dryRun = yield* dryRunIn(call)
  const range = { min: 1, max: Number.MAX_SAFE_INTEGER, absent: 0 }
  const seen = yield* query.integer(call.query, "seen", range)
  if (what === "discard" && seen === 0 && !dryRun) {
    return yield* new QueryInvalid({ parameter: "seen", rule: "Expected the version that was seen" })
  }
  return { dryRun, seen: seen === 0 ? undefined : seen }
})
