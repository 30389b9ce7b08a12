/**
 * Hands events to the handler of a consumer, and tries again as its error policy says.
 *
 * Whatever a handler does wrong is one failed attempt: it fails, dies, or takes too long. What is said of it names kind and
 * place and holds no value.
 * @module
 */
import { Cause, Clock, Context, Effect, Result, Semaphore, Tracer } from "effect"
import { Actors } from "../../core/Actors.ts"
import { CommandBus } from "../../core/CommandBus.ts"
import { type About, type Any, principalOf, type Services } from "../../core/Consumer.ts"
import type { StoredEvent } from "../../core/EventStore.ts"
import { Limits } from "../../core/Limits.ts"
import { Principal } from "../../core/Principal.ts"
import * as Wire from "../../schemas/Wire.ts"
import * as Defect from "../Defect.ts"
import * as Rarely from "../Rarely.ts"
import { backoff } from "./backoff.ts"
import * as Metrics from "./ConsumerMetrics.ts"

/** What became of one attempt. */
export type Once =
  | { readonly _tag: "Done" }
  /** By name and place; never a value. */
  | { readonly _tag: "Failed"; readonly error: string }
  /** Newer code wrote it: nobody's fault, and not done before this program is updated. */
  | { readonly _tag: "Newer" }

/** What became of an event in the end. */
export type Outcome = Exclude<Once, { readonly _tag: "Failed" }> | GivenUp
export interface GivenUp {
  readonly _tag: "GivenUp"
  readonly error: string
  readonly attempts: number
  readonly firstAt: number
  readonly lastAt: number
}

export interface Patience {
  /** Tries for ever what fails. */
  readonly patient: boolean
  /** Waits for the program to be updated where newer code wrote the event. */
  readonly waits: boolean
}

export interface Attempts {
  /** `number` counts from 1; it is told to whoever reads the log. */
  readonly once: (event: StoredEvent, number: number) => Effect.Effect<Once>
  /** Tries until it is done, or has failed as often as the consumer or `Limits` says; longer where the patience says so. */
  readonly run: (
    attempt: (number: number) => Effect.Effect<Once>,
    options: Patience,
  ) => Effect.Effect<Outcome>
}

const done: Once = { _tag: "Done" }
const late: Once = { _tag: "Failed", error: "HandlerTimeout" }

/** Longer names are no names. */
const errorMax = 200

/** The name of what went wrong, and the first place in code that it went through. */
const errorOf = (cause: Cause.Cause<unknown>): string => {
  const failed = Cause.squash(cause)
  const { frames, name } = Defect.describe(failed)
  const tag = typeof failed === "object" && failed !== null ? (failed as { readonly _tag?: unknown })._tag : undefined
  // Of a path only its end: where this runs is nobody's business.
  const place = frames[0]?.match(/[^/\\ (]+:\d+:\d+/)?.[0]
  return [typeof tag === "string" ? tag : name, ...place === undefined ? [] : [place]].join(" at ").slice(0, errorMax)
}

/** The span in which the command was decided that caused the event: another trace, which this one is linked to. */
const linksOf = ({ traceparent }: StoredEvent): ReadonlyArray<Tracer.SpanLink> => {
  const [, traceId, spanId, flags] = traceparent?.split("-") ?? []
  if (traceId === undefined || spanId === undefined) return []
  return [{ span: Tracer.externalSpan({ traceId, spanId, sampled: flags === "01" }), attributes: {} }]
}

export const make = Effect.fnUntraced(function* (
  consumer: Any,
): Effect.fn.Return<Attempts, never, Actors | CommandBus> {
  const limits = yield* Limits
  const services = yield* Effect.context<Actors | CommandBus>()
  const count = Metrics.make(consumer.name, services)
  const { attempts: attemptsMax = 1 + limits.handlerRetries, delayMs = limits.handlerBackoffMs } = consumer
  const permits = yield* Semaphore.make(limits.handlers)
  const rarely = Rarely.make(limits)
  const handler = consumer.handler as (event: unknown, about: About) => Effect.Effect<void, unknown, Services>

  const handle = (event: StoredEvent, decoded: unknown): Effect.Effect<Once> => {
    const { fingerprint: _, payload: _p, ...about } = event
    const context = Context.add(services, Principal, principalOf(consumer, event.tenant))
    const asked = Effect.suspend(() => handler(decoded, { ...about, consumer: consumer.name }))
    const handled = Effect.provideContext(asked, context).pipe(
      Effect.as(done),
      Effect.timeoutOrElse({ duration: limits.handlerMs, orElse: () => Effect.succeed(late) }),
      Effect.catchCause((cause) => Effect.succeed<Once>({ _tag: "Failed", error: errorOf(cause) })),
    )
    const spanned = Effect.withSpan(handled, "nexus.consume", {
      root: true,
      links: linksOf(event),
      attributes: { "nexus.consumer": consumer.name, "nexus.aggregate": event.aggregate, "nexus.event": event.type },
      captureStackTrace: false,
    })
    return permits.withPermits(1)(spanned)
  }

  const once = (event: StoredEvent) =>
    Effect.suspend((): Effect.Effect<Once> => {
      const decoded = Wire.decodeText(consumer.contract, event)
      if (Result.isSuccess(decoded)) return handle(event, decoded.success)
      if (decoded.failure._tag === "UnknownEvent") return Effect.succeed({ _tag: "Newer" })
      if (decoded.failure._tag === "Thrown") {
        return Effect.succeed({ _tag: "Failed", error: errorOf(Cause.die(decoded.failure.cause)) })
      }
      const pointer = decoded.failure.issues[0]?.pointer ?? ""
      return Effect.succeed({ _tag: "Failed", error: `EventInvalid at ${pointer}`.slice(0, errorMax) })
    })

  const report = (event: StoredEvent, error: string, attempt: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      count.failed(now - event.recordedAt)
      const { aggregate, type, version } = event
      const about = { consumer: consumer.name, aggregate, type, version, attempt, error }
      return rarely.say(`${type} ${error}`, Effect.annotateLogs(Effect.logWarning("a consumer failed"), about))
    })

  return {
    once: (event, number) =>
      Effect.tap(
        once(event),
        (result) =>
          result._tag === "Done"
            ? Effect.map(Clock.currentTimeMillis, (now) => count.consumed(now - event.recordedAt))
            : report(event, result._tag === "Newer" ? "NewerEvent" : result.error, number),
      ),
    run: Effect.fnUntraced(function* (attempt, { patient, waits }) {
      const firstAt = yield* Clock.currentTimeMillis
      for (let [attempts, newer] = [0, 0];;) {
        const result = yield* attempt(attempts + newer + 1)
        if (result._tag === "Done" || (result._tag === "Newer" && !waits)) return result
        if (result._tag === "Newer") newer++
        else attempts++
        if (result._tag === "Failed" && !patient && attempts >= attemptsMax) {
          const lastAt = yield* Clock.currentTimeMillis
          return { _tag: "GivenUp", error: result.error, attempts, firstAt, lastAt }
        }
        yield* backoff(attempts + newer, delayMs, limits.handlerBackoffMaxMs)
      }
    }),
  }
})
