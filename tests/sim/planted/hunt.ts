/**
 * Finds the first seed that exposes each planted bug: `deno run -A tests/sim/planted/hunt.ts [name]` prints them.
 * @module
 */
import { builtin } from "../../../testing/mod.ts"
import { check } from "../../../testing/simulation/invariants/check.ts"
import { make as productionStream } from "../../../edge/stream/Hub.ts"
import { productionHost } from "../../../testing/simulation/Fleet.ts"
import { memoryStores, run } from "../../../testing/simulation/run.ts"
import { scenarioOf } from "../../../testing/simulate.ts"
import { hosts } from "./hosts.ts"
import { past } from "./past.ts"
import type { Planted } from "./Planted.ts"
import { stores } from "./stores.ts"
import { streams } from "./streams.ts"

export const planted: ReadonlyArray<Planted> = [...stores, ...hosts, ...streams, ...past]

/** Where each was found; another seed is as good, once a change of the host or of the simulation moves it. */
export const foundAt: Readonly<Record<string, number>> = {
  "resumes behind the version that comes next": 2,
  "counts one frame of two": 2,
  "goes past a page of the feed that it did not send": 2,
  "leaves the tenant out of its subscriptions": 2,
  "acknowledges before it writes": 1,
  "skips a version": 1,
  "forgets receipts": 1,
  "forgets the receipts of rejections": 1,
  "takes another body for a repeat": 4,
  "answers a repeat with the newest version": 1,
  "stores a command twice": 1,
  "fences nobody": 3,
  "does not fence rejections and no-ops": 5,
  "does not fence reads": 7,
  "drops the last command of a batch": 1,
  "takes the clock as it is": 1,
  "leaves the tenant out of its keys": 1,
  "stores an append in part": 2,
  "calls an unknown outcome failed": 11,
  "tries a lost race again without deciding again": 3,
  "stores what was not decided": 1,
  "uses a corrupt snapshot": 2,
  "answers reads from memory": 5,
  "answers rejections and no-ops from memory": 4,
  "stores a snapshot of another state": 1,
  "has a mailbox without bound": 41,
  "answers whenever it likes": 16,
  "restarts without a budget": 115,
  "loses a tick": 16,
  "forgets a caller": 4,
  "counts a refused question": 1,
  "counts an admission that has just left the window": 2,
  "limits by the clock as it is": 17,
  "forgets admissions on restart": 2,
  "leaves out the events of the very time asked for": 7,
  "calls settled what can still change": 6,
  "limits questions by itself, not with the other processes": 1,
}

/** A planted bug that hides longer than this is one that the simulation does not reach. */
export const seedsMax = 1_000

/** No bug at all: what finds a bug must not find one here. */
export const clean: Required<Pick<Planted, "host" | "stores" | "stream">> = {
  ...{ host: productionHost, stores: memoryStores, stream: productionStream },
}

/** Whether the run of a seed breaks one of the promises that the bug breaks. */
export const isFound = async ({ breaks, host, stores, stream }: Planted, seed: number): Promise<boolean> => {
  const scenario = scenarioOf(builtin.app, {
    ...builtin.options,
    ...{ store: stores, host },
    ...stream && { stream },
  })
  return check(await run(scenario, seed)).some(({ invariant }) => breaks.includes(invariant))
}

/** The first seed from `from` on that finds the bug. */
export const hunt = async (bug: Planted, from = 1): Promise<number | undefined> => {
  for (let seed = from; seed <= seedsMax; seed++) if (await isFound(bug, seed)) return seed
  return undefined
}

if (import.meta.main) {
  for (const bug of planted) {
    if (Deno.args.length > 0 && !Deno.args.includes(bug.name)) continue
    console.log(`  "${bug.name}": ${await hunt(bug)},`)
  }
}
