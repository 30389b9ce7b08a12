/**
 * The clients of a run: they ask, leave, come back with the same id, and write down every word they are told.
 * @module
 */
import { Effect, Option } from "effect"
import type { ActorError } from "../../core/ActorError.ts"
import type { CommandRequest, Rejected } from "../../core/Actors.ts"
import type { Shape as Principal } from "../../core/Principal.ts"
import { keyOf } from "../../core/Stream.ts"
import type { Asked } from "../../edge/permit.ts"
import type { Faults } from "./Faults.ts"
import type { Host, Slot } from "./Fleet.ts"
import { type Answer, answerOf, type Attempt, describe, isDenied, isFinal, type Operation, say } from "./History.ts"
import { principal as principalOf, type Rules } from "./policyModel.ts"
import type { Random } from "./random.ts"
import type { Process } from "./Process.ts"
import { tenantKey } from "./tracer.ts"
import type { World } from "./World.ts"

export interface Clients {
  readonly process: Process
  /** Does an operation, coming back while the answer is not final, a few times at most. */
  readonly perform: (operation: Operation) => Effect.Effect<void>
  /** Asks once more, of a host that is up, patiently; answers whether the answer was final. */
  readonly settle: (operation: Operation, slot: Slot) => Effect.Effect<boolean>
  readonly attempts: ReadonlyArray<Attempt>
}

const attemptsMax = 4
const backoffMaxMs = 3_000
const patienceMaxMs = 20_000
/** The first host is asked as often as all others together. */
const firstChance = 0.5

export const make = (world: World, faults: Faults, rules: Rules, slots: ReadonlyArray<Slot>): Clients => {
  const process = world.process("clients")
  const random: Random = world.random("clients")
  const attempts: Array<Attempt> = []
  /** What a client keeps of an operation: its request as first sent, so that a repeat is the same. */
  const requests = new Map<string, CommandRequest>()
  const versions = new Map<string, number>()

  const requestOf = (operation: Operation, principal: Principal): CommandRequest | undefined => {
    const { stream, command } = operation
    if (command === undefined) return undefined
    const sent = requests.get(operation.name)
    if (sent !== undefined) return { ...sent, principal }
    const newest = versions.get(keyOf(stream)) ?? 0
    const request: CommandRequest = {
      principal,
      aggregate: stream.aggregate,
      id: stream.id,
      command,
      payload: operation.payload,
      commandId: operation.commandId,
      ifMatch: operation.ifMatch && (operation.ifMatch === "newest" ? newest : Math.max(0, newest - 1)),
      notAfter: operation.notAfterMs === undefined ? undefined : process.wallMs() + operation.notAfterMs,
      correlationId: operation.name,
    }
    requests.set(operation.name, request)
    return request
  }

  const told = (attempt: Attempt, host: Host | undefined, pausedBefore: number, answer: Answer) => {
    attempt.answered = world.step()
    attempt.answeredAt = world.now()
    attempt.pausedMs = host === undefined ? 0 : host.process.pausedMs() - pausedBefore
    attempt.answer = answer
    world.note(attempt.host, `${say(attempt.operation)} ${describe(answer)}`)
    const { name, stream } = attempt.operation
    if (answer._tag === "Accepted") versions.set(keyOf(stream), answer.receipt.version)
    if (answer._tag === "State" && answer.state !== undefined) versions.set(keyOf(stream), answer.state.version)
    // The host made an id up and now says: repeat with this one.
    const sent = requests.get(name)
    if (answer._tag === "Failed" && answer.error._tag === "OutcomeUnknown" && sent !== undefined) {
      requests.set(name, { ...sent, commandId: answer.error.commandId })
    }
  }

  const ask = (operation: Operation, slot: Slot): Effect.Effect<Answer> =>
    Effect.callback<Answer>((resume) => {
      const { host } = slot
      const principal = principalOf(world, rules, operation.stream.tenant, operation.subject)
      const request = requestOf(operation, principal)
      const attempt: Attempt = {
        ...{
          operation,
          request,
          principal,
          host: host?.name ?? slot.name,
          invoked: world.step(),
          invokedAt: world.now(),
        },
        ...{ answered: undefined, answeredAt: undefined, answer: undefined, pausedMs: 0 },
      }
      attempts.push(attempt)
      world.note(attempt.host, `${say(operation)} asked`)
      const pausedBefore = host?.process.pausedMs() ?? 0
      const answered = (answer: Answer) => {
        if (attempt.answer !== undefined) return
        told(attempt, host, pausedBefore, answer)
        resume(Effect.succeed(answer))
      }
      if (host === undefined) return process.post(() => answered({ _tag: "Unanswered", why: "down" }))
      const dead = () => process.post(() => answered({ _tag: "Unanswered", why: "killed" }))
      host.onDeath.add(dead)
      const interrupt = callHost(host, attempt, (answer) => {
        host.onDeath.delete(dead)
        process.post(() => answered(answer))
      })
      return Effect.sync(() => {
        answered({ _tag: "Unanswered", why: "disconnected" })
        host.process.post(interrupt)
      })
    })

  const slotFor = (): Slot => random.chance(firstChance) ? slots[0]! : random.pick(slots)
  const askOrLeave = (operation: Operation): Effect.Effect<Answer> =>
    faults.strikes("disconnect", process.name, 0.1)
      ? Effect.map(
        Effect.timeoutOption(ask(operation, slotFor()), faults.amount(2_000)),
        Option.getOrElse((): Answer => ({ _tag: "Unanswered", why: "disconnected" })),
      )
      : ask(operation, slotFor())

  const performOne = Effect.fnUntraced(function* (operation: Operation) {
    for (let n = 0; n < attemptsMax; n++) {
      const answer = yield* askOrLeave(operation)
      // Whoever was denied asks for what he lacks, and comes again.
      if (isFinal(answer) && !isDenied(answer)) return
      // Without an id nobody can tell a repeat from a second command.
      if (requests.get(operation.name)?.commandId === undefined && operation.command !== undefined) return
      yield* Effect.sleep(1 + random.below(backoffMaxMs))
    }
  })

  return {
    process,
    attempts,
    perform: Effect.fnUntraced(function* (operation) {
      yield* Effect.sleep(operation.thinkMs)
      if (operation.fault !== undefined) faults.strikes(operation.fault, process.name, 1)
      yield* Effect.forEach(parts(operation), performOne, { concurrency: "unbounded", discard: true })
    }),
    settle: Effect.fnUntraced(function* (operation, slot) {
      const answer = yield* ask(operation, slot)
      if (isFinal(answer)) return true
      const wait = answer._tag === "Failed" && "retryAfterSeconds" in answer.error
        ? answer.error.retryAfterSeconds * 1000
        : 1000
      yield* Effect.sleep(Math.min(wait, patienceMaxMs))
      return false
    }),
  }
}

/** The operations of a burst, each with an id of its own. */
const parts = (operation: Operation): ReadonlyArray<Operation> =>
  operation.width === 1 ? [operation] : Array.from({ length: operation.width }, (_, i) => ({
    ...operation,
    name: `${operation.name}.${i}`,
    commandId: operation.commandId && `${operation.commandId}.${i}`,
    width: 1,
  }))

type Failure = Rejected | ActorError

/** What the edge asks the policies before it calls the host. */
export const askedOf = ({ command, stream: { aggregate } }: Operation): Asked =>
  command === undefined
    ? { action: "read", aggregate, type: "", path: `/v1/${aggregate}/{id}` }
    : { action: "command", aggregate, type: command, path: `/v1/${aggregate}/{id}/commands/${command}` }

/** Any of these lets a token in at the edge. */
const scopesOf = ({ command, stream: { aggregate } }: Operation): ReadonlyArray<string> =>
  command === undefined ? ["read"] : ["commands:*", `commands:${aggregate}`]

/** Calls a host inside its process; gives back what takes the call away again. */
const callHost = (
  host: Host,
  { operation, principal, request }: Attempt,
  answered: (answer: Answer) => void,
): () => void => {
  const { stream } = operation
  let interrupt: () => void = () => {}
  let gone = false
  host.process.post(() => {
    if (gone) return
    // A repeat joins the first one, so it takes no place of its own.
    const place = { actor: keyOf(stream), commandId: request?.commandId ?? operation.name, isInside: false }
    host.inFlight.set(operation.name, place)
    const call = Effect.flatMap(
      host.permit(askedOf(operation), principal, scopesOf(operation)),
      (): Effect.Effect<unknown, Failure> => {
        place.isInside = true
        return request === undefined
          ? host.actors.state(principal, stream.aggregate, stream.id)
          : host.actors.send(request)
      },
    )
    // Only where somebody looks: the ids of Effect's own spans are drawn outside of the seed.
    const traced = host.tracer === undefined
      ? call
      : Effect.withSpan(call, "command", { attributes: { [tenantKey]: stream.tenant } })
    const fiber = Effect.runForkWith(host.context)(traced)
    interrupt = () => fiber.interruptUnsafe()
    fiber.addObserver((exit) => {
      host.inFlight.delete(operation.name)
      answered(answerOf(exit as never))
    })
  })
  return () => {
    gone = true
    interrupt()
  }
}
