/**
 * The routes to dead letters: what a consumer could not do, and asking that it be tried again or given up.
 *
 * The tenant comes from the token alone: another tenant's letter is as absent as one that never was. On the wire an id is
 * one opaque text, for it has slashes inside.
 * @module
 */
import { Effect, type Schema } from "effect"
import type { App } from "../core/App.ts"
import { type Ask, type DeadLetter, DeadLetters, type Filter } from "../core/DeadLetters.ts"
import type { Limits } from "../core/Limits.ts"
import * as Discard from "../runtime/Discard.ts"
import * as LetterNames from "../runtime/LetterNames.ts"
import * as RedrivePlan from "../runtime/RedrivePlan.ts"
import * as answers from "./deadLetterAnswers.ts"
import * as questions from "./deadLetterQuestions.ts"
import { badCursor, bounded, cursorOf, limitOf, pageOf, unavailable } from "./page.ts"
import * as query from "./query.ts"
import { FilterInvalid, MethodNotAllowed, NotFound, QueryInvalid } from "./refusals.ts"
import { type Call, ok, type Operation, type Route } from "./route.ts"

const path = "/v1/dead-letters"
const reading = ["dead-letters:read"]
const operating = ["dead-letters:operate"]
const json = { mediaType: "application/json" } as const
/** Letters of one call, and events shown of one of them. */
const [letterMax, eventMax] = [100, 100]

const absent = new NotFound()
const summaries = {
  redriveMany: "Asks that a consumer's dead letters, a stream's or all be tried again, up to a hundred a call",
  discardMany: "Asks that the events of a consumer's dead letters, or a stream's, be given up, up to a hundred a call",
  redrive: "Asks that one dead letter be tried again; a second time changes nothing",
  discard: "Asks that the event of one dead letter be given up for its consumer; a second time changes nothing",
}

const errors = ["Unavailable", "TimedOut"]
const route = (
  method: Route["method"],
  at: string,
  operation: Pick<Operation, "operationId" | "summary" | "parameters" | "errors" | "body"> & {
    readonly schema: Schema.Constraint
  },
  limits: Limits,
  handle: (call: Call) => ReturnType<Route["handle"]>,
  what: Ask | undefined = undefined,
): Route => {
  const { schema, ...rest } = operation
  return {
    method,
    path: at,
    scopes: method === "GET" ? reading : operating,
    // A policy may let somebody redrive who must not give anything up.
    ...what === "redrive" ? { asks: { action: what } } : {},
    operation: {
      ...rest,
      errors: [...rest.errors, ...errors],
      ok: { ...json, description: rest.summary, schema },
    },
    handle: (call) => bounded(limits)(handle(call)),
  }
}

export const routes = (app: App, limits: Limits): ReadonlyArray<Route> => {
  const planOf = (what: Ask, dryRun: boolean, letters: number) => {
    const plan = RedrivePlan.make(app, Math.max(1, Math.min(eventMax, Math.floor(limits.page / letters))), what)
    return (letter: DeadLetter) => dryRun ? plan(letter) : Effect.succeed(undefined)
  }
  const found = Effect.fnUntraced(function* (call: Call) {
    const id = questions.idOf(call)
    const letter = id && (yield* (yield* DeadLetters).get(call.principal.tenant, id))
    return letter || (yield* absent)
  })
  /** Of what fits the filter. None found is an answer, nobody named is `wrong`. */
  const page = Effect.fnUntraced(function* <E>(
    { principal: { tenant } }: Call,
    filter: Filter,
    cursor: string | undefined,
    limit: number,
    wrong: (name: "consumer" | "stream", rule: string) => E,
  ) {
    const found = yield* (yield* DeadLetters).list(tenant, filter, cursor, limit)
    if (found.items.length > 0) return found
    yield* LetterNames.check(Effect.succeed(app.consumers), tenant, filter).pipe(
      Effect.catchTags({
        NoSuchConsumer: ({ known }) => Effect.fail(wrong("consumer", `Expected one of ${known.join(", ")}`)),
        NoSuchStream: () => Effect.fail(wrong("stream", "Expected a stream that holds events")),
      }),
    )
    return found
  })

  const many = (what: Ask) =>
    route(
      "POST",
      `${path}/${what}`,
      {
        operationId: `deadLetters.${what}Many`,
        summary: summaries[`${what}Many`],
        parameters: [],
        body: questions.bodyOf[what],
        errors: [
          ...["UnsupportedMediaType", "JsonInvalid", "BodyTooLarge", "BodyTimeout", "FilterInvalid"],
          ...what === "discard" ? ["NotDiscardable"] : [],
        ],
        schema: answers.Many,
      },
      limits,
      Effect.fnUntraced(
        function* (call) {
          const { cursor: from, dryRun, filter, means } = yield* questions.askedIn(call, what, limits)
          const found = yield* page(call, filter, from, letterMax, (name, rule) =>
            new FilterInvalid({ pointer: `/${name}`, rule }))
          const meant = found.items.filter(means)
          const plan = planOf(what, dryRun, Math.max(1, meant.length))
          const items = yield* Effect.forEach(
            meant,
            (one) =>
              (dryRun ? Effect.succeed(one) : Discard.ask(what, one, one.version)).pipe(
                // One that was done meanwhile, or that has gone on since it was listed, is not what was meant any more.
                Effect.catchTag(["LetterChanged", "NotDiscardable"], () =>
                  Effect.succeed(undefined)),
                Effect.flatMap((letter) =>
                  letter === undefined
                    ? Effect.succeed([])
                    : Effect.map(plan(letter), (would) => [answers.asked(letter, would)])
                ),
              ),
            { concurrency: 8 },
          )
          return ok(JSON.stringify({ dryRun, items: items.flat(), cursor: found.cursor ?? null }))
        },
        Effect.catchTag("StoreUnavailable", unavailable),
        Effect.catchTag(
          "BadCursor",
          () =>
            Effect.fail(new FilterInvalid({ pointer: "/cursor", rule: "Expected a cursor of this filter" })),
        ),
      ),
      what,
    )

  const list = route(
    "GET",
    path,
    {
      operationId: "deadLetters",
      summary: "The tenant's dead letters, the newest first",
      parameters: [...questions.filters, limitOf(limits), cursorOf],
      errors: [],
      schema: answers.Page,
    },
    limits,
    Effect.fnUntraced(
      function* (call) {
        const limit = yield* query.integer(call.query, "limit", pageOf(limits))
        const filter = questions.filterOf(call.principal.tenant, {
          ...yield* questions.consumerIn(call),
          ...yield* questions.streamIn(call),
        })
        const found = yield* page(
          call,
          filter,
          call.query.get("cursor"),
          limit,
          (parameter, rule) => new QueryInvalid({ parameter, rule }),
        )
        return ok(JSON.stringify({ deadLetters: found.items.map(answers.letter), cursor: found.cursor ?? null }))
      },
      Effect.catchTag("StoreUnavailable", unavailable),
      Effect.catchTag("BadCursor", badCursor),
    ),
  )

  const show = route(
    "GET",
    `${path}/:letter`,
    {
      operationId: "deadLetters.one",
      summary: "One dead letter",
      parameters: [questions.letterOf],
      errors: ["NotFound", "MethodNotAllowed"],
      schema: answers.Letter,
    },
    limits,
    Effect.fnUntraced(function* (call) {
      // The paths of other routes, whose only method is POST.
      if (call.id === "redrive" || call.id === "discard") return yield* new MethodNotAllowed({ allow: ["POST"] })
      return ok(JSON.stringify(answers.letter(yield* found(call))))
    }, Effect.catchTag("StoreUnavailable", unavailable)),
  )

  const one = (what: Ask) =>
    route(
      "POST",
      `${path}/:letter/${what}`,
      {
        operationId: `deadLetters.${what}`,
        summary: summaries[what],
        parameters: questions.parametersOf[what],
        errors: ["NotFound", ...what === "discard" ? ["LetterChanged", "NotDiscardable"] : []],
        schema: answers.One,
      },
      limits,
      Effect.fnUntraced(function* (call) {
        const { dryRun, seen } = yield* questions.oneIn(call, what)
        const there = yield* found(call)
        if (dryRun && what === "discard") yield* Discard.check(there, seen)
        const letter = dryRun ? there : (yield* Discard.ask(what, there, seen ?? there.version)) ?? (yield* absent)
        const would = yield* planOf(what, dryRun, 1)(letter)
        return ok(JSON.stringify({ dryRun, ...answers.asked(letter, would) }))
      }, Effect.catchTag("StoreUnavailable", unavailable)),
      what,
    )
  // Of two paths that fit, the first says which methods there are.
  return [many("redrive"), many("discard"), list, show, one("redrive"), one("discard")]
}
