/**
 * The host and the memory store inside a Durable Object of workerd, ticking behind the storage gate: nothing in
 * `schemas`, `core` or the host is bound to a platform.
 * @module
 */
import { runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { describe, it } from "vitest"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import * as Attempts from "../host/attempts.ts"
import * as Defects from "../host/defects.ts"
import * as Failures from "../host/failures.ts"
import * as Gate from "../host/gate.ts"
import * as Guards from "../host/guards.ts"
import * as Outcomes from "../host/outcomes.ts"
import * as Rig from "../host/Rig.ts"
import * as SnapshotRules from "../host/snapshotRules.ts"
import * as Snapshots from "../host/snapshots.ts"
import * as Ticks from "../host/ticks.ts"

for (
  const [name, { cases }] of Object.entries({
    outcomes: Outcomes,
    guards: Guards,
    failures: Failures,
    attempts: Attempts,
    defects: Defects,
    ticks: Ticks,
    snapshots: Snapshots,
    "rules of snapshots": SnapshotRules,
    gate: Gate,
  })
) {
  describe(`ActorHost in a Durable Object: ${name}`, () => {
    for (const test of cases) {
      it(test.name, () => {
        const object = env.TEST_OBJECT.get(env.TEST_OBJECT.idFromName(test.name))
        return runInDurableObject(object, (_, { storage }) =>
          Effect.runPromise(
            test.run().pipe(
              Effect.scoped,
              Effect.provide(TestClock.layer()),
              Effect.provideService(Rig.Trigger, TickTrigger.layerGate(() => storage.sync())),
            ),
          ))
      })
    }
  })
}
