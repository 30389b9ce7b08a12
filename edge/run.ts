/**
 * Runs a route: guards, handler, and whatever comes of them as one answer. Nothing a route does can fail beyond here.
 * @module
 */
import { Cause, Clock, type Context, Effect, Exit } from "effect"
import { elapsedMs } from "../runtime/Host.ts"
import type { Rarely } from "../runtime/Rarely.ts"
import * as guard from "./guard.ts"
import type { Health } from "./health.ts"
import * as problems from "./problems.ts"
import { type About, type Answer, type Failure, refuse } from "./refuse.ts"
import { InternalError } from "./refusals.ts"
import type { EdgeRequest, Served, Services } from "./route.ts"
import * as telemetry from "./telemetry.ts"

/** What all routes share. */
export interface Edge extends guard.Guards {
  readonly health: Health
  /** What stands before the slug in the `type` of a problem. */
  readonly problemBase: string
  readonly rarely: Rarely
  readonly context: Context.Context<Services>
}

/** These say that the store failed, not that the caller or the application did. */
const isStoreFailure = (failure: Failure): boolean =>
  failure._tag === "OutcomeUnknown" || (failure._tag === "Unavailable" && failure.reason !== "actors")

/** Nobody waits for an interrupted request but its caller, who is told what a caller can do. */
const failureOf = (cause: Cause.Cause<Failure>): Failure => {
  const reason = cause.reasons.find((one) => one._tag === "Fail")
  return reason?._tag === "Fail" ? reason.error : new InternalError()
}

const logDefect = (rarely: Rarely, cause: Cause.Cause<Failure>): Effect.Effect<void> => {
  const die = cause.reasons.find((one) => one._tag === "Die")
  return die?._tag === "Die" ? rarely.defect("request failed", die.defect) : Effect.void
}

/** Answers requests to one route; made once per route, so that a request finds everything compiled. */
export const serve = (edge: Edge, route: Served) => {
  const guards = guard.make(edge, route)
  const spanOptions = telemetry.spanOptions(route)
  const count = telemetry.counter(route)
  const { command } = route
  const shown = command &&
    Object.fromEntries(
      command.rejections.map((rejection) => [rejection.identifier, problems.shownOf(problems.ofRejection(rejection))]),
    )
  const run = Effect.runPromiseExitWith(edge.context)

  const settle = (came: guard.Incoming, exit: Exit.Exit<Answer, Failure>, nowMs: number): Answer => {
    if (Exit.isSuccess(exit)) {
      if (command !== undefined) edge.health.saw(false, nowMs)
      return exit.value
    }
    const failure = failureOf(exit.cause)
    if (command !== undefined) {
      if (isStoreFailure(failure)) edge.health.saw(true, nowMs)
      else if (failure._tag === "Rejected") edge.health.saw(false, nowMs)
    }
    const { commandId, path } = came
    // An id that breaks the rule is not repeated.
    const about: About = { path, shown, commandId: failure._tag === "InvalidId" ? undefined : commandId }
    return refuse(edge.problemBase, failure, about)
  }

  const program = (came: guard.Incoming) =>
    Effect.useSpan("http.request", spanOptions(came.request), (span) =>
      Effect.gen(function* () {
        const clock = yield* Clock.Clock
        const started = clock.monotonicTimeNanosUnsafe()
        const exit = yield* Effect.exit(
          Effect.withParentSpan(Effect.flatMap(guards(came), route.handle), span, { captureStackTrace: false }),
        )
        const ms = Number(clock.monotonicTimeNanosUnsafe() - started) / 1e6
        const answer = settle(came, exit, elapsedMs(clock))
        span.attribute("http.response.status_code", answer.status)
        count(edge.context, answer.status, ms)
        if (Exit.isFailure(exit)) yield* logDefect(edge.rarely, exit.cause)
        yield* telemetry.log(route, answer.status, ms, span.traceId)
        return answer
      }))

  return async (request: EdgeRequest, id: string | undefined, part?: string): Promise<Answer> => {
    const came = guard.incoming(request, id, part)
    const exit = await run(program(came))
    return Exit.isSuccess(exit) ? exit.value : refuse(edge.problemBase, new InternalError(), { path: came.path })
  }
}
