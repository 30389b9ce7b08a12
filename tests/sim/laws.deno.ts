/**
 * Laws as a user of `deno test` runs them; with the argument `broken`, one that must fail.
 * @module
 */
import { Effect } from "effect"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import { runLaws } from "../../testing/deno.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import {
  aggregateLaws,
  eventStoreLaws,
  schemaRegistryEmbeddedLaws,
  schemaRegistryLaws,
  snapshotStoreLaws,
} from "../../testing/mod.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import { AccountAggregate } from "../../testing/simulation/domain.ts"

runLaws(aggregateLaws(AccountAggregate))
runLaws(eventStoreLaws, EventStoreMemory.layer)
runLaws(snapshotStoreLaws, SnapshotStoreMemory.layer)
runLaws([...schemaRegistryLaws, ...schemaRegistryEmbeddedLaws], SchemaRegistryMemory.layer)
if (Deno.args.includes("broken")) runLaws([{ name: "never holds", law: Effect.fail("broken") }])
