/**
 * The routes to dead letters: what a consumer could not do, and asking that it be tried again.
 *
 * The tenant comes from the token alone: another tenant's letter is as absent as one that never was. On the wire an id is
 * one opaque text, for it has slashes inside.
 * @module
 */
import { Effect, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import type { App } from "../core/App.ts"
import { type DeadLetter, DeadLetters, type Filter } from "../core/DeadLetters.ts"
import type { Limits } from "../core/Limits.ts"
import { Id, idPattern, keyOf } from "../core/Stream.ts"
import * as RedrivePlan from "../runtime/RedrivePlan.ts"
import * as Issue from "../schemas/Issue.ts"
import * as answers from "./deadLetterAnswers.ts"
import * as body from "./body.ts"
import { badCursor, bounded, cursorOf, limitOf, pageOf, unavailable } from "./page.ts"
import * as query from "./query.ts"
import { FilterInvalid, MethodNotAllowed, NotFound, QueryInvalid, UnsupportedMediaType } from "./refusals.ts"
import { type Call, ok, type Operation, type Parameter, type Route } from "./route.ts"

const path = "/v1/dead-letters"
const reading = ["dead-letters:read"]
const operating = ["dead-letters:operate"]
const json = { mediaType: "application/json" } as const
/** Letters of one call, and events shown of one of them. */
const [letterMax, eventMax] = [100, 100]

const streamPattern = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}\/[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/u
const streamRule = "an aggregate, a slash and an id"
const StreamName = Schema.String.pipe(Schema.check(Schema.isPattern(streamPattern, { expected: streamRule })))
const streamHelp = "`Order/o-1`: aggregate and id."

const absent = new NotFound()
const notAlone = "Expected consumer, stream or both, or all: true alone"

const letterOf: Parameter = {
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
const filters: ReadonlyArray<Parameter> = [
  { name: "consumer", in: "query", description: "Of this consumer, or of `router`.", schema: Id },
  { name: "stream", in: "query", description: streamHelp, schema: StreamName },
]

const Asked = Schema.Struct({
  consumer: Schema.optionalKey(Id),
  stream: Schema.optionalKey(StreamName.annotate({ description: streamHelp })),
  all: Schema.optionalKey(Schema.Literal(true).annotate({ description: "Every dead letter of the tenant." })),
  dryRun: Schema.optionalKey(Schema.Boolean.annotate({ description: "Show what would be done, and change nothing." })),
  cursor: Schema.optionalKey(Schema.String.annotate({ description: "Of the answer before, to go on behind it." })),
}).annotate({ description: "Which ones: by `consumer`, `stream` or both, or `all` alone." })
const decodeAsked = Schema.decodeUnknownResult(Asked, { onExcessProperty: "error" })

/** The id that stands behind the text of a path, if it is one of this tenant. */
const idOf = ({ id: text, principal }: Call): string | undefined => {
  const id = Result.getOrElse(Base64Url.decodeString(text), () => "")
  return id.split("/")[1] === principal.tenant && Base64Url.encode(id) === text ? id : undefined
}

const filterOf = (tenant: string, { consumer, stream }: { readonly consumer?: string; readonly stream?: string }) => {
  const [aggregate = "", id = ""] = stream?.split("/") ?? []
  return {
    ...consumer === undefined ? {} : { consumer },
    ...stream === undefined ? {} : { stream: keyOf({ tenant, aggregate, id }) },
  } satisfies Filter
}

const matching = (call: Call, name: string, pattern: RegExp, rule: string) => {
  const text = call.query.get(name)
  return text === undefined || pattern.test(text)
    ? Effect.succeed(text === undefined ? {} : { [name]: text })
    : Effect.fail(new QueryInvalid({ parameter: name, rule }))
}
const consumerIn = (call: Call) => matching(call, "consumer", idPattern, "Expected the name of a consumer")
const streamIn = (call: Call) => matching(call, "stream", streamPattern, `Expected ${streamRule}`)

const dryRunIn = (call: Call) => {
  const text = call.query.get("dryRun") ?? "false"
  return text === "true" || text === "false"
    ? Effect.succeed(text === "true")
    : Effect.fail(new QueryInvalid({ parameter: "dryRun", rule: "Expected true or false" }))
}

const askedIn = Effect.fnUntraced(function* ({ request }: Call, limits: Limits) {
  if (!body.isJson(request)) return yield* new UnsupportedMediaType()
  const asked = decodeAsked(yield* body.json(request, limits))
  if (Result.isFailure(asked)) {
    const { pointer, rule } = Issue.fromSchemaError(asked.failure)[0]!
    return yield* new FilterInvalid({ pointer: pointer.slice(0, 256).toWellFormed(), rule })
  }
  const { all, consumer, stream } = asked.success
  // Whoever wants everything says so: a filter that was forgotten, or spelt wrongly, does not.
  const isSome = consumer !== undefined || stream !== undefined
  if (isSome === (all !== undefined)) return yield* new FilterInvalid({ pointer: "", rule: notAlone })
  return asked.success
})

const errors = ["Unavailable", "TimedOut"]
const route = (
  method: Route["method"],
  at: string,
  operation: Pick<Operation, "operationId" | "summary" | "parameters" | "errors" | "body"> & {
    readonly schema: Schema.Constraint
  },
  limits: Limits,
  handle: (call: Call) => ReturnType<Route["handle"]>,
): Route => {
  const { schema, ...rest } = operation
  return {
    method,
    path: at,
    ...method === "GET" ? { scopes: reading } : { scopes: operating, asks: { action: "redrive" } },
    operation: {
      ...rest,
      errors: [...rest.errors, ...errors],
      ok: { ...json, description: rest.summary, schema },
    },
    handle: (call) => bounded(limits)(handle(call)),
  }
}

export const routes = (app: App, limits: Limits): ReadonlyArray<Route> => {
  const planOf = (dryRun: boolean, letters: number) => {
    const plan = RedrivePlan.make(app, Math.max(1, Math.min(eventMax, Math.floor(limits.page / letters))))
    return (letter: DeadLetter) => dryRun ? plan(letter) : Effect.succeed(undefined)
  }
  const found = Effect.fnUntraced(function* (call: Call) {
    const id = idOf(call)
    const letter = id && (yield* (yield* DeadLetters).get(call.principal.tenant, id))
    return letter || (yield* absent)
  })

  const many = route(
    "POST",
    `${path}/redrive`,
    {
      operationId: "deadLetters.redriveMany",
      summary: "Asks that a consumer's dead letters, a stream's or all be tried again, up to a hundred a call",
      parameters: [],
      body: Asked,
      errors: [
        ...["UnsupportedMediaType", "JsonInvalid", "BodyTooLarge", "BodyTimeout", "FilterInvalid"],
      ],
      schema: answers.Many,
    },
    limits,
    Effect.fnUntraced(
      function* (call) {
        const { cursor: from, dryRun = false, ...filter } = yield* askedIn(call, limits)
        const { tenant } = call.principal
        const letters = yield* DeadLetters
        const page = yield* letters.list(tenant, filterOf(tenant, filter), from, letterMax)
        const plan = planOf(dryRun, Math.max(1, page.items.length))
        const items = yield* Effect.forEach(
          page.items,
          (one) =>
            Effect.flatMap(dryRun ? Effect.succeed(one) : letters.redrive(tenant, one.id), (letter) =>
              // One that was done meanwhile is not there any more.
              letter === undefined
                ? Effect.succeed([])
                : Effect.map(plan(letter), (would) => [answers.redriven(letter, would)])),
          { concurrency: 8 },
        )
        return ok(JSON.stringify({ dryRun, items: items.flat(), cursor: page.cursor ?? null }))
      },
      Effect.catchTag("StoreUnavailable", unavailable),
      Effect.catchTag(
        "BadCursor",
        () => Effect.fail(new FilterInvalid({ pointer: "/cursor", rule: "Expected a cursor of this filter" })),
      ),
    ),
  )

  const list = route(
    "GET",
    path,
    {
      operationId: "deadLetters",
      summary: "The tenant's dead letters, the newest first",
      parameters: [...filters, limitOf(limits), cursorOf],
      errors: [],
      schema: answers.Page,
    },
    limits,
    Effect.fnUntraced(
      function* (call) {
        const limit = yield* query.integer(call.query, "limit", pageOf(limits))
        const { tenant } = call.principal
        const filter = filterOf(tenant, { ...yield* consumerIn(call), ...yield* streamIn(call) })
        const page = yield* (yield* DeadLetters).list(tenant, filter, call.query.get("cursor"), limit)
        return ok(JSON.stringify({ deadLetters: page.items.map(answers.letter), cursor: page.cursor ?? null }))
      },
      Effect.catchTag("StoreUnavailable", unavailable),
      Effect.catchTag("BadCursor", badCursor),
    ),
  )

  const one = route(
    "GET",
    `${path}/:letter`,
    {
      operationId: "deadLetters.one",
      summary: "One dead letter",
      parameters: [letterOf],
      errors: ["NotFound", "MethodNotAllowed"],
      schema: answers.Letter,
    },
    limits,
    Effect.fnUntraced(function* (call) {
      // The path of another route, whose only method is POST.
      if (call.id === "redrive") return yield* new MethodNotAllowed({ allow: ["POST"] })
      return ok(JSON.stringify(answers.letter(yield* found(call))))
    }, Effect.catchTag("StoreUnavailable", unavailable)),
  )

  const redrive = route(
    "POST",
    `${path}/:letter/redrive`,
    {
      operationId: "deadLetters.redrive",
      summary: "Asks that one dead letter be tried again; a second time changes nothing",
      parameters: [letterOf, dryRunOf],
      errors: ["NotFound"],
      schema: answers.One,
    },
    limits,
    Effect.fnUntraced(function* (call) {
      const dryRun = yield* dryRunIn(call)
      const there = yield* found(call)
      const letters = yield* DeadLetters
      const letter = dryRun ? there : (yield* letters.redrive(call.principal.tenant, there.id)) ?? (yield* absent)
      const would = yield* planOf(dryRun, 1)(letter)
      return ok(JSON.stringify({ dryRun, ...answers.redriven(letter, would) }))
    }, Effect.catchTag("StoreUnavailable", unavailable)),
  )
  // Of two paths that fit, the first says which methods there are.
  return [many, list, one, redrive]
}
