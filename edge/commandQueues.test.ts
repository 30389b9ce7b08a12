import { assert, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Aggregate from "../core/Aggregate.ts"
import * as App from "../core/App.ts"
import * as Contract from "../schemas/Contract.ts"
import * as commandQueues from "./commandQueues.ts"
import { fromEnvironment } from "./settings.ts"

const shop = App.make("shop", {
  aggregates: [
    Aggregate.make(Contract.make("Order", { commands: [], events: [] }), Schema.Struct({}), {}).decide({}).evolve({}),
  ],
})
const settings = (env: Record<string, string>) => Result.getOrThrow(fromEnvironment(env))
const aws = settings({ NEXUS_STORE: "dynamodb", NEXUS_AWS_REGION: "eu-central-1" })

it("commands between applications need queues that both can reach, and an owner that is another one", () => {
  const faults = (options: commandQueues.Options, chosen = aws) => commandQueues.faults(shop, chosen, options)
  assert.isEmpty(faults({}, settings({})))
  assert.isEmpty(faults({ take: true, send: { Invoice: "billing-" } }))
  assert.lengthOf(faults({ take: true }, settings({})), 1)
  assert.lengthOf(faults({ send: { Invoice: "billing-" } }, settings({})), 1)
  assert.match(faults({ send: { Order: "billing-" } }).join(), /"Order", which "shop" owns itself/)
})
