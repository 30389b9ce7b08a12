/**
 * All sockets of this process: who may open one more, and the one ear at the tail of the feed for all of them.
 * @module
 */
import { Clock, Context, Effect, type Fiber, Result, Tracer } from "effect"
import type { App } from "../../core/App.ts"
import { Unavailable } from "../../core/ActorError.ts"
import { EventStore, type StoredEvent } from "../../core/EventStore.ts"
import type { Limits } from "../../core/Limits.ts"
import * as Rarely from "../../runtime/Rarely.ts"
import type { Accept } from "../../runtime/Socket.ts"
import { type Page, Tail } from "../../runtime/Tail.ts"
import * as answers from "../answers.ts"
import type { Identity } from "../auth.ts"
import type { Permit } from "../permit.ts"
import type { Failure } from "../refuse.ts"
import { TooManySockets } from "../refusals.ts"
import * as Closing from "./Closing.ts"
import { reader } from "./message.ts"
import * as metrics from "./metrics.ts"
import * as Session from "./Session.ts"

export interface Hub {
  /** Grants a socket, or says why not. */
  readonly admit: (identity: Identity, protocol: string | undefined) => Result.Result<Accept, Refusal>
  /** Ends all sockets with 1001; from now on none is granted. */
  readonly drain: () => void
}

export type Refusal = TooManySockets | Unavailable

export interface HubOptions {
  readonly app: App
  readonly limits: Limits
  readonly context: Context.Context<EventStore | Tail>
  readonly permit: Permit
  /** A problem as JSON. */
  readonly problem: (failure: Failure) => string
}

interface Principal extends Session.Quota {
  sockets: number
}

export const make = Effect.fnUntraced(function* ({ app, context, limits, permit, problem }: HubOptions) {
  const setting: Session.Setting = {
    store: yield* EventStore,
    tail: yield* Tail,
    clock: yield* Clock.Clock,
    tracer: Context.getOrUndefined(context, Tracer.Tracer),
    limits,
    read: reader(app, limits),
    permit,
    problem,
    rarely: Rarely.make(limits),
    count: metrics.make(context),
  }
  const { count, tail } = setting
  const run = Effect.runForkWith(context)
  const sessions = new Map<string, Set<Session.Session>>()
  const principals = new Map<string, Principal>()
  let [sockets, draining] = [0, false]
  let ear: Fiber.Fiber<void> | undefined

  const all = () => [...sessions.values()].flatMap((some) => [...some])

  /** A session that breaks ends alone: all others hang on the same tail, and on the same process. */
  const alone = (session: Session.Session, work: () => void): void => {
    try {
      work()
    } catch (defect) {
      run(session.fail(defect))
    }
  }

  const hear = (page: Page): void => {
    if (page.broken) return all().forEach((session) => session.end(Closing.failed))
    const texts = new Map<StoredEvent, string>()
    const textOf = (event: StoredEvent) => {
      const known = texts.get(event)
      if (known !== undefined) return known
      const text = answers.located(event)
      texts.set(event, text)
      return text
    }
    for (const tenant of new Set(page.events.map((event) => event.tenant))) {
      const own = sessions.get(tenant)
      if (own === undefined) continue
      const events = page.events.filter((event) => event.tenant === tenant)
      for (const session of own) alone(session, () => session.hear({ ...page, events, textOf }))
    }
  }

  /** Listens while there is a socket, and looks after the tokens of all. */
  const listen = () => {
    const looking = Effect.forever(Effect.andThen(
      Effect.sleep(limits.sweepMs),
      Effect.sync(() => all().forEach((session) => session.look())),
    ))
    ear = run(Effect.scoped(Effect.andThen(tail.listen(hear, () => sessions.keys()), looking)))
  }

  const place = (identity: Identity): Refusal | undefined => {
    if (draining || sockets >= limits.sockets) return new Unavailable({ retryAfterSeconds: 1, reason: "sockets" })
    const own = principals.get(`${identity.tenant}/${identity.subject}`)?.sockets ?? 0
    const max = limits.socketsPerPrincipal
    return own >= max ? new TooManySockets({ max, retryAfterSeconds: 1 }) : undefined
  }

  const open = (identity: Identity): Accept["open"] => (socket) => {
    // Asked again: many may have been granted the same last place.
    if (place(identity) !== undefined) {
      socket.close(Closing.overload.code, Closing.overload.reason)
      return { message: () => {}, closed: () => {} }
    }
    const { subject, tenant } = identity
    const key = `${tenant}/${subject}`
    const principal = principals.get(key) ?? { sockets: 0, subscriptions: 0 }
    principals.set(key, principal)
    const session = Session.make(setting, identity, principal, socket)
    const own = sessions.get(tenant) ?? new Set()
    sessions.set(tenant, own.add(session))
    principal.sockets++
    count.open(++sockets)
    if (ear === undefined) listen()
    const fiber = run(session.run)
    return {
      message: (text) => alone(session, () => session.message(text)),
      closed: (code) => {
        session.closed(code)
        fiber.interruptUnsafe()
        own.delete(session)
        if (own.size === 0) sessions.delete(tenant)
        if (--principal.sockets === 0) principals.delete(key)
        count.open(--sockets)
        if (sockets > 0) return
        ear?.interruptUnsafe()
        ear = undefined
      },
    }
  }

  const hub: Hub = {
    admit: (identity, protocol) => {
      const refusal = place(identity)
      return refusal === undefined ? Result.succeed({ protocol, open: open(identity) }) : Result.fail(refusal)
    },
    drain: () => {
      draining = true
      all().forEach((session) => session.end(Closing.goingAway))
    },
  }
  return hub
})
