/**
 * Talks to a running Nexus over HTTP, and repeats with the same key whatever may be stored or not.
 * @module
 */
import { Effect, Schema } from "effect"
import type { AnyCommand } from "nexus-actors/schemas"
import { Order, OrderState } from "./orders/Order.contract.ts"

export interface Nexus {
  readonly url: string
  readonly token: string
}

/** Accepted, or refused by the domain under this name. */
export type Answer = { readonly _tag: "Accepted" } | { readonly _tag: "Rejected"; readonly name: string }

/** Nexus cannot be used like this, or did not answer for too long: the demo ends. */
export class DemoFailed extends Schema.TaggedError<DemoFailed>()("DemoFailed", { message: Schema.String }) {}

/** Worth another attempt after so many milliseconds; the outcome is unknown, hence the same key again. */
class Busy extends Schema.TaggedError<Busy>()("Busy", { afterMs: Schema.Int, why: Schema.String }) {}

interface Reply {
  readonly status: number
  readonly body: unknown
}

/** About a minute, which a restart of the server fits into. */
const attemptsMax = 15
/** Somebody who mistyped the address should not wait that long. */
const firstAttemptsMax = 4
const answerMsMax = 35_000
const [waitMsMin, waitMsMax] = [100, 5_000]
const Json = Schema.fromJsonString(Schema.Unknown)

/** 408, 429 and whatever the server itself is to blame for. */
const isBusy = (status: number) => status === 408 || status === 429 || status >= 500

const once = (nexus: Nexus, path: string, init: RequestInit): Effect.Effect<Reply, Busy> =>
  Effect.tryPromise({
    try: async (signal) => {
      const headers = { ...init.headers, authorization: `Bearer ${nexus.token}` }
      const response = await fetch(new URL(path, nexus.url), { ...init, headers, signal })
      return { status: response.status, after: response.headers.get("retry-after"), text: await response.text() }
    },
    catch: () => new Busy({ afterMs: 0, why: "no answer" }),
  }).pipe(
    Effect.timeoutOrElse({
      duration: answerMsMax,
      orElse: () => Effect.fail(new Busy({ afterMs: 0, why: "no answer in time" })),
    }),
    Effect.flatMap(({ status, after, text }) =>
      isBusy(status)
        ? Effect.fail(new Busy({ afterMs: Math.min(30, Number(after) || 0) * 1_000, why: `status ${status}` }))
        : Effect.map(
          Effect.orElseSucceed(Schema.decodeUnknownEffect(Json)(text), () => undefined),
          (body) => ({ status, body }),
        )
    ),
  )

/** Waits as long as the server asks, and longer each time. */
const persist = (
  nexus: Nexus,
  path: string,
  init: RequestInit,
  attempts = attemptsMax,
  attempt = 1,
): Effect.Effect<Reply, DemoFailed> =>
  Effect.catchTag(once(nexus, path, init), "Busy", ({ afterMs, why }) => {
    const waitMs = Math.max(afterMs, Math.min(waitMsMax, waitMsMin * 2 ** attempt))
    return attempt === attempts
      ? Effect.fail(new DemoFailed({ message: `${nexus.url} did not serve ${path} in ${attempt} attempts: ${why}` }))
      : Effect.delay(persist(nexus, path, init, attempts, attempt + 1), waitMs)
  })

const commands: ReadonlyArray<AnyCommand> = Object.values(Order.commands)
/** `…#not-placed` is `NotPlaced`, if that is a refusal of the domain and not of Nexus. */
const rejectionOf = (type: unknown): string | undefined => {
  const slug = String(type).replace(/^.*[#/]/, "").replaceAll("-", "")
  const names = commands.flatMap(({ rejections }) => rejections.map(({ identifier }) => identifier))
  return names.find((name) => name.toLowerCase() === slug)
}

/** Nothing of the body but its title: a problem holds no payload, but who knows what answers there. */
const failed = (path: string, { status, body }: Reply): DemoFailed => {
  const title = (body as { readonly title?: unknown } | null)?.title
  const hint = status === 401 ? "; take a token of that server: it prints one when it starts" : ""
  return new DemoFailed({
    message: `${path} answered ${status}${typeof title === "string" ? `: ${title}` : ""}${hint}`,
  })
}

/** Fails soon where nobody serves, or where the token is not good for reading. */
export const greet = Effect.fnUntraced(function* (nexus: Nexus): Effect.fn.Return<void, DemoFailed> {
  const path = "/v1/Order?limit=1"
  const reply = yield* persist(nexus, path, {}, firstAttemptsMax)
  if (reply.status !== 200) return yield* failed(path, reply)
})

/** Sends one command until its outcome is known. */
export const send = Effect.fnUntraced(function* (
  nexus: Nexus,
  order: string,
  command: keyof typeof Order.commands,
  key: string,
  payload: object,
): Effect.fn.Return<Answer, DemoFailed> {
  const path = `/v1/Order/${order}/commands/${command}`
  const headers = { "content-type": "application/json", "idempotency-key": key }
  const reply = yield* persist(nexus, path, { method: "POST", headers, body: JSON.stringify(payload) })
  if (reply.status === 200) return { _tag: "Accepted" }
  const name = rejectionOf((reply.body as { readonly type?: unknown } | null)?.type)
  return name === undefined ? yield* failed(path, reply) : { _tag: "Rejected", name }
})

const Held = Schema.toCodecJson(Schema.Struct({ version: Schema.Int, state: OrderState }))
export type Held = typeof Held.Type

/** What Nexus holds of an order; nothing where it was never placed. */
export const read = Effect.fnUntraced(function* (
  nexus: Nexus,
  order: string,
): Effect.fn.Return<Held | undefined, DemoFailed> {
  const path = `/v1/Order/${order}`
  const reply = yield* persist(nexus, path, {})
  if (reply.status === 404) return undefined
  if (reply.status !== 200) return yield* failed(path, reply)
  return yield* Effect.mapError(
    Schema.decodeUnknownEffect(Held)(reply.body),
    () => new DemoFailed({ message: `${path} answered something that is not an order` }),
  )
})
