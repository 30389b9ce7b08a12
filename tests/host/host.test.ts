/**
 * The host's tests in this process, with the event loop's own trigger.
 * @module
 */
import { it } from "@effect/vitest"
import { describe } from "vitest"
import * as Attempts from "./attempts.ts"
import * as Defects from "./defects.ts"
import * as Failures from "./failures.ts"
import * as Gate from "./gate.ts"
import * as Guards from "./guards.ts"
import * as Outcomes from "./outcomes.ts"
import * as SnapshotRules from "./snapshotRules.ts"
import * as Snapshots from "./snapshots.ts"
import * as Ticks from "./ticks.ts"

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
  describe(`ActorHost: ${name}`, () => {
    for (const { name, run } of cases) it.effect(name, run)
  })
}
