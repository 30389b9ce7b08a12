/**
 * The policies as the processes see them: rules that all share, behind an engine that fails, hangs, answers nonsense or is
 * gone for a while; in process, where answers are remembered, or elsewhere, where the rules may change.
 * @module
 */
import { Context, Effect } from "effect"
import type { Input } from "../../core/PolicyEnforcer.ts"
import type { Shape as Principal } from "../../core/Principal.ts"
import { EngineFailed } from "../../policies/Engine.ts"
import { keyOf } from "../../policies/Remembered.ts"
import type { Faults } from "./Faults.ts"
import type { Process } from "./Process.ts"
import { hash32 } from "./random.ts"
import type { World } from "./World.ts"

/** One question of a process to its engine. */
export interface Asking {
  readonly who: string
  /** The whole question, as text. */
  readonly key: string
  /** Steps of the world, and virtual milliseconds. */
  readonly asked: number
  readonly askedAt: number
  /** Nothing: no answer came, or nobody waited for it. */
  answered: number | undefined
  answeredAt: number
  said: "yes" | "no" | "nonsense" | undefined
}

/** What all processes share. */
export interface Rules {
  /** The engine is a server: nothing is remembered. */
  readonly isRemote: boolean
  readonly askings: Array<Asking>
  /** Until when, in virtual milliseconds: nobody answers; a tenant may command nothing; a subject lacks its scopes. */
  downUntil: number
  readonly closedUntil: Map<string, number>
  readonly withdrawnUntil: Map<string, number>
}

const remoteChance = 0.15

export const begin = (world: World): Rules => ({
  ...{ isRemote: world.random("policies").chance(remoteChance), askings: [], downUntil: 0 },
  ...{ closedUntil: new Map(), withdrawnUntil: new Map() },
})

const allScopes = ["commands:*", "read"]
const fewScopes = ["read"]
/** May command, yet not append everything. */
export const guest = "guest"

/** Who asks, with the scopes that a new token would have now. */
export const principal = (world: World, { withdrawnUntil }: Rules, tenant: string, subject: string): Principal => {
  const until = withdrawnUntil.get(`${tenant}/${subject}`) ?? 0
  return { tenant, subject, scopes: world.now() < until ? fewScopes : allScopes }
}

/** How a process reaches its engine; the answer is whatever came, unread. */
export class PolicyAnswers extends Context.Service<PolicyAnswers, {
  readonly isRemote: boolean
  readonly ask: (input: Input) => Effect.Effect<unknown, EngineFailed>
}>()("nexus/testing/simulation/PolicyAnswers") {}

const downMaxMs = 30_000
const remoteMaxMs = 20
const slowMaxMs = 2_000
const nonsense: ReadonlyArray<unknown> = [{}, null, "true", { allow: "yes" }, { allow: 1 }, [true], 1]

export const make = (
  world: World,
  process: Process,
  rules: Rules,
  faults: Faults,
  limitMs: number,
): PolicyAnswers["Service"] => {
  const who = process.name
  const random = world.random(`policies of ${who}`)

  const answer = Effect.fnUntraced(function* (input: Input) {
    if (rules.isRemote) {
      if (faults.strikes("policy-down", who, 0.1)) rules.downUntil = world.now() + faults.amount(downMaxMs)
      if (!faults.hasEnded() && world.now() < rules.downUntil) {
        return yield* new EngineFailed({ reason: "unreachable" })
      }
      if (random.chance(0.5)) yield* Effect.sleep(1 + random.below(remoteMaxMs))
    }
    if (faults.strikes("policy-fails", who)) return yield* new EngineFailed({ reason: "failed" })
    if (faults.strikes("policy-slow", who)) yield* Effect.sleep(limitMs + faults.amount(slowMaxMs))
    if (faults.strikes("policy-lies", who)) return random.pick(nonsense)
    // What is remembered is the same for ever; only a server may have lost its rules for once.
    if (rules.isRemote && faults.strikes("policy-undefined", who)) return undefined
    return decide(world, rules, input)
  })

  return {
    isRemote: rules.isRemote,
    ask: Effect.fnUntraced(function* (input) {
      const asking: Asking = {
        ...{ who, key: keyOf(input), asked: world.step(), askedAt: world.now() },
        ...{ answered: undefined, answeredAt: 0, said: undefined },
      }
      rules.askings.push(asking)
      const value = yield* answer(input)
      asking.said = saidBy(value)
      asking.answered = world.step()
      asking.answeredAt = world.now()
      world.note(who, `policies say ${asking.said} to ${input.action} of ${input.tenant}/${input.subject}`)
      return value
    }),
  }
}

const saidBy = (value: unknown): "yes" | "no" | "nonsense" => {
  const { allow } = (value === undefined ? { allow: false } : value ?? {}) as { readonly allow?: unknown }
  return allow === true ? "yes" : allow === false ? "no" : "nonsense"
}

/** What the rules say now: the scopes as Nexus asks for them, and an application's own rules, which differ by tenant. */
const decide = (world: World, { closedUntil }: Rules, { action, aggregate, scopes, subject, tenant, type }: Input) => {
  const commands = action === "command" || action === "append"
  if (commands && world.now() < (closedUntil.get(tenant) ?? 0)) return { allow: false, rule: "closed" }
  if (action === "append" && subject === guest && hash32(`${tenant} ${type}`) % 3 === 0) {
    return { allow: false, rule: "guests" }
  }
  const wanted: ReadonlyArray<string> = commands ? ["commands:*", `commands:${aggregate}`] : [action]
  return { allow: wanted.some((scope) => scopes.includes(scope)), rule: `${action}-scope` }
}
