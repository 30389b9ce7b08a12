/**
 * What clients ask: commands of an application's contracts, drawn at random and encoded as they travel.
 * @module
 */
import { Arbitrary, Effect, Result } from "effect"
import type * as App from "../../core/App.ts"
import type { AnyCommand } from "../../schemas/Command.ts"
import * as Generators from "../../schemas/Generators.ts"
import * as Wire from "../../schemas/Wire.ts"
import type { Random } from "./random.ts"

export interface Asked {
  readonly aggregate: string
  readonly id: string
  readonly command: string
  /** JSON, as it travels. */
  readonly payload: unknown
}

export interface Draw {
  readonly random: Random
  /** Few, so that commands meet. */
  readonly ids: ReadonlyArray<string>
  /** The tenant's own text: a workload puts it into payloads, and no other tenant may ever read it. */
  readonly secret: string
}

/** Draws the next command; must depend on `draw` alone. */
export type Workload = (draw: Draw) => Asked

const samplesOfCommand = 32

/** Any command of any contract, as its schema allows; texts that may be free carry the tenant's secret now and then. */
export const fromContracts = (app: App.App): Workload => {
  const pool = Object.values(app.aggregates).map(({ contract }) => ({
    aggregate: contract.aggregate,
    commands: Object.values(contract.commands).map((command) => ({ command, payloads: payloadsOf(command) })),
  }))
  return ({ random, ids, secret }) => {
    const { aggregate, commands } = random.pick(pool.filter((one) => one.commands.length > 0))
    const { command, payloads } = random.pick(commands)
    const plain = random.pick(payloads)
    const marked = random.chance(0.5) ? mark(plain, secret) : plain
    const fits = marked === plain || Result.isSuccess(Wire.decodeCommand(command, marked))
    return { aggregate, id: random.pick(ids), command: command.tag, payload: fits ? marked : plain }
  }
}

/** Drawn with a seed of their own, so that the same application has the same pool in every run. */
const payloadsOf = (command: AnyCommand): ReadonlyArray<unknown> => {
  const sampled = Arbitrary.sampleEffect(Generators.payload(command.fields), { count: samplesOfCommand, seed: 1 })
  const drawn = Effect.runSync(sampled)
  const payloads = drawn.flatMap((fields) => {
    const encoded = Wire.encodeCommand(command, { _tag: command.tag, ...fields as object })
    return Result.isSuccess(encoded) ? [encoded.success] : []
  })
  if (payloads.length === 0) throw new Error(`no payload of command ${command.tag} survives its own codec`)
  return payloads
}

/** The payload with its first text replaced. */
const mark = (payload: unknown, secret: string): unknown => {
  let done = false
  return JSON.parse(JSON.stringify(payload), (_, value: unknown) => {
    if (done || typeof value !== "string") return value
    done = true
    return secret
  })
}
