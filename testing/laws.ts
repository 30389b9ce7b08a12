/**
 * Laws as data: of the ports, for adapters of one's own, and of an aggregate, for its behaviour.
 *
 * `vitest.ts` and `deno.ts` run them; under any other runner, run each `law` as an effect that must succeed.
 * @module
 */
import { Equal, Result, Schema } from "effect"
import * as Aggregate from "../core/Aggregate.ts"
import type { Law } from "../core/laws/fixtures.ts"
import type * as Contract from "../schemas/Contract.ts"
import * as Defect from "../runtime/Defect.ts"
import * as Generators from "../schemas/Generators.ts"
import * as Wire from "../schemas/Wire.ts"
import { type Check, contractLaws, law, type LawsOptions } from "./contractLaws.ts"
import { diff, show } from "./diff.ts"
import { draw } from "./generators.ts"
import { contextOf } from "./spec.ts"

export { laws as eventStoreLaws, reopened as eventStoreLawsReopened } from "../core/EventStore.laws.ts"
export { laws as archiveLaws } from "../core/Archive.laws.ts"
export { laws as policyEnforcerLaws } from "../core/PolicyEnforcer.laws.ts"
export { laws as queryLimiterLaws, reopened as queryLimiterLawsReopened } from "../core/QueryLimiter.laws.ts"
export {
  embeddedLaws as schemaRegistryEmbeddedLaws,
  laws as schemaRegistryLaws,
  reopened as schemaRegistryLawsReopened,
} from "../core/SchemaRegistry.laws.ts"
export { laws as snapshotStoreLaws, reopened as snapshotStoreLawsReopened } from "../core/SnapshotStore.laws.ts"
export { laws as violationsLaws, reopened as violationsLawsReopened } from "../core/Violations.laws.ts"
export type { Law } from "../core/laws/fixtures.ts"
export { contractLaws, type LawsOptions } from "./contractLaws.ts"

type Tagged = { readonly _tag: string }

/** What every aggregate must keep, whatever it is about; each law draws its values from the contract. */
export const aggregateLaws = <C extends Contract.Any, S>(
  self: Aggregate.Aggregate<C, S>,
  { runs = 200, seed = 1 }: LawsOptions = {},
): ReadonlyArray<Law<never>> => {
  const name = self.contract.aggregate
  const commands = draw(Generators.command(self.contract), runs, seed)
  const events = draw(Generators.event(self.contract), runs, seed)
  return [
    ...contractLaws(self.contract, { runs, seed }),
    law(
      `${name} evolves on every event, the same way twice, and its state survives its codec`,
      events,
      (drawn) => evolves(self, drawn),
    ),
    law(
      `${name} decides every command in every state it reaches, the same way twice, and never throws`,
      commands,
      (drawn) => decides(self, drawn),
    ),
  ]
}

/** Closed, because a field that the schema does not know would vanish from every snapshot. */
const roundTrip = <S>(self: Aggregate.Any, state: S): S => {
  const codec = Schema.toCodecJson(self.state as Schema.Codec<S, unknown>)
  const json = JSON.stringify(Schema.encodeUnknownSync(codec, { onExcessProperty: "error" })(state))
  return Schema.decodeUnknownSync(codec)(JSON.parse(json))
}

const evolves = <C extends Contract.Any, S>(
  self: Aggregate.Aggregate<C, S>,
  drawn: ReadonlyArray<Contract.EventOf<C>>,
): Check =>
(fail) => {
  let state = self.initial
  for (const event of drawn) {
    const before = show(state)
    const evolve = (time: string) =>
      called(`evolve throws on ${show(event)} in ${before}${time}`, fail, () => Aggregate.evolve(self, state, event))
    const next = evolve("")
    if (!Equal.equals(next, evolve(again))) fail(`evolve on ${show(event)} is not deterministic`)
    if (show(state) !== before) fail(`evolve on ${show(event)} changes the state it was given`)
    const back = tried(
      `after ${show(event)} the state ${show(next)} does not fit its schema`,
      fail,
      () => roundTrip(self, next),
    )
    if (!Equal.equals(back, next)) fail(`the state does not survive its codec\n${diff(next, back)}`)
    state = next
  }
}

const decides = <C extends Contract.Any, S>(
  self: Aggregate.Aggregate<C, S>,
  drawn: ReadonlyArray<Contract.CommandOf<C>>,
): Check =>
(fail) => {
  let state = self.initial
  const decide = (command: Tagged) =>
    Aggregate.decide(self, state, command as never, contextOf(self.contract.aggregate)) as Result.Result<
      ReadonlyArray<Tagged>,
      Tagged
    >
  for (const command of drawn as ReadonlyArray<Tagged>) {
    const at = `${show(command)} in ${show(state)}`
    const decided = called(`decide throws on ${at}`, fail, () => decide(command))
    const repeated = called(`decide throws on ${at}${again}`, fail, () => decide(command))
    if (!Equal.equals(said(decided), said(repeated))) fail(`decide on ${at} is not deterministic`)
    if (Result.isFailure(decided)) {
      const declared = self.contract.commands[command._tag]!.rejections.some((one) =>
        one.identifier === decided.failure._tag
      )
      if (!declared) fail(`decide on ${at} answers ${decided.failure._tag}, which the command does not declare`)
      continue
    }
    for (const event of decided.success) {
      const encoded = Wire.encodeEvent(self.contract.events[event._tag]!, event)
      if (Result.isFailure(encoded)) {
        fail(`decide on ${at} makes an event that does not fit: ${show(encoded.failure.issues)}`)
      }
    }
    state = Aggregate.fold(self, decided.success as ReadonlyArray<Contract.EventOf<C>>, state)
  }
}

const said = (decided: Result.Result<ReadonlyArray<Tagged>, Tagged>): unknown =>
  Result.isSuccess(decided) ? decided.success.map((event) => ({ ...event })) : show({ ...decided.failure })

/** Behind what is called twice with the same values. */
const again = " when it is asked the second time"

/** As `tried`, of code of the aggregate: with the place that threw. */
const called = <A>(message: string, fail: (message: string) => never, run: () => A): A => {
  try {
    return run()
  } catch (error) {
    return fail(`${message}: ${error} ${Defect.describe(error).frames[0] ?? ""}`.trimEnd())
  }
}

const tried = <A>(message: string, fail: (message: string) => never, run: () => A): A => {
  try {
    return run()
  } catch (error) {
    return fail(`${message}: ${error}`)
  }
}
