/**
 * The application that Nexus simulates itself with, its previous release, and a workload that reaches every corner.
 *
 * It also serves to simulate a store of one's own: `simulate(builtin.app, { ...builtin.options, store })`.
 * @module
 */
import * as Aggregate from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { Account, AccountAggregate, Deposited, FrozenSet, Withdrawn } from "./domain.ts"
import { OldSaboteurAggregate, places, SaboteurAggregate } from "./saboteur.ts"
import { sometimesBuiltin } from "./sometimes.ts"
import type { Workload } from "./workload.ts"

export const app: App.App = App.make("simulated", { aggregates: [AccountAggregate, SaboteurAggregate] })

const [deposited] = Deposited.versions
class OldDeposited extends Event.v1("Deposited", deposited) {}
class OldAccount extends Contract.make("Account", {
  commands: Object.values(Account.commands),
  events: [OldDeposited, Withdrawn, FrozenSet],
}) {}

/** Deposits had no note then, so it says `newer-event` wherever the current release has written one. */
const OldAccountAggregate = Aggregate.make(OldAccount, AccountAggregate.state, AccountAggregate.initial, {
  revision: 0,
})
  .decide(AccountAggregate.decide)
  .evolve({
    ...AccountAggregate.evolve,
    Deposited: (state, event) => AccountAggregate.evolve.Deposited(state, { ...event, note: "" }),
  }, AccountAggregate.snapshot)

/** The release before: it runs side by side with the current one during a deploy. */
export const older: App.App = App.make("simulated", { aggregates: [OldAccountAggregate, OldSaboteurAggregate] })

const [sabotage, work, defects] = [0.2, 0.1, 0.08]

/** Notes carry the tenant's secret: no answer to another tenant may ever show it. */
export const workload: Workload = ({ random, ids, secret }) => {
  const kind = random.next()
  if (kind < sabotage) {
    // Its events do not fit, and those around them must not suffer.
    const payload = {
      ...{ how: random.pick(["type", "excess", "missing", "constructor"]) },
      ...{ before: random.below(3), after: random.below(3) },
    }
    return { aggregate: "Saboteur", id: ids[0]!, command: "Garble", payload }
  }
  if (kind < sabotage + work) return { aggregate: "Saboteur", id: ids[0]!, command: "Work", payload: {} }
  if (kind < sabotage + work + defects) {
    const where = random.pick(places)
    return { aggregate: "Saboteur", id: ids.at(-1)!, command: "Break", payload: { where } }
  }
  const account = (command: string, payload: object) => ({
    aggregate: "Account",
    id: random.pick(ids),
    command,
    payload,
  })
  const amount = 1 + random.below(9)
  const roll = random.next()
  return roll < 0.1
    ? account("DepositLast", { amount })
    : roll < 0.35
    ? account("Deposit", { amount, note: random.chance(0.5) ? secret : "" })
    : roll < 0.65
    ? account("Withdraw", { amount })
    : roll < 0.85
    ? account("DepositMany", { count: random.below(4), amount })
    : account("SetFrozen", { frozen: random.chance(0.3) })
}

/** All of it, for `simulate(app, options)`. */
export const options = { older, workload, sometimes: sometimesBuiltin }
