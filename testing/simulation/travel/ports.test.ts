import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as QueueMemory from "../../../core/QueueMemory.ts"
import { allKinds, make as makeFaults } from "../Faults.ts"
import { make as makeWorld } from "../World.ts"
import type { Book } from "./Book.ts"
import { make } from "./ports.ts"
import * as Roads from "./Roads.ts"

/** A process receives for ten seconds, `befall` happens to it, a message comes at `atMs`, and a minute passes. */
const receiving = async (befall: "kill" | "pause", atMs: number) => {
  const world = makeWorld(1)
  const [network, process] = [world.process("network"), world.process("one")]
  const roads = await Effect.runPromise(Roads.make({ feed: 1, bus: 1 }))
  const book = { look: () => {} } as Book
  const faults = makeFaults(world, new Set(allKinds))
  let gotAt: number | undefined
  await world.run(
    network,
    Effect.gen(function* () {
      const { commands } = yield* make({
        world,
        ...{ network, writer: network },
        roads,
        book,
        faults,
        spoils: { bodies: () => [] },
        commits: [],
        seen: [],
      }, process)
      const receive = commands.receive(1, { waitMs: 10_000, hiddenMs: 30_000 })
      Effect.runForkWith(process.context)(Effect.tap(receive, () => Effect.sync(() => void (gotAt = world.now()))))
      yield* Effect.sleep(1_000)
      if (befall === "kill") process.kill()
      else process.pause(20_000)
      yield* Effect.sleep(atMs - 1_000)
      QueueMemory.put(roads.commands, "body", network.wallMs())
      yield* Effect.sleep(60_000)
    }),
  )
  return { receives: [...roads.commands.messages.values()][0]!.receives, gotAt }
}

describe("a receive of a process", () => {
  it("takes nothing once its time is over, whoever was killed in it", async () => {
    assert.deepEqual(await receiving("kill", 20_000), { receives: 0, gotAt: undefined })
  })
  it("takes what comes in its time, and nobody has it where the process was killed", async () => {
    assert.deepEqual(await receiving("kill", 5_000), { receives: 1, gotAt: undefined })
  })
  it("is answered behind a pause", async () => {
    assert.deepEqual(await receiving("pause", 5_000), { receives: 1, gotAt: 21_000 })
  })
})
