/**
 * Finds the first seed that exposes each planted bug: `deno run -A tests/sim/planted/hunt.ts [name]` prints them.
 * @module
 */
import { builtin } from "../../../testing/mod.ts"
import { check } from "../../../testing/simulation/invariants/check.ts"
import { make as productionStream } from "../../../edge/stream/Hub.ts"
import { productionGovernance, productionHost } from "../../../testing/simulation/Fleet.ts"
import { memoryStores, run } from "../../../testing/simulation/run.ts"
import { scenarioOf } from "../../../testing/simulate.ts"
import { governance } from "./governance.ts"
import { hosts } from "./hosts.ts"
import { past } from "./past.ts"
import type { Planted } from "./Planted.ts"
import { policies } from "./policies.ts"
import { stores } from "./stores.ts"
import { streams } from "./streams.ts"

export const planted: ReadonlyArray<Planted> = [...stores, ...hosts, ...streams, ...past, ...governance, ...policies]

/** Where each was found; another seed is as good, once a change of the host or of the simulation moves it. */
export const foundAt: Readonly<Record<string, number>> = {
  "acknowledges before it writes": 1,
  "allows what no policy could be asked about": 2,
  "answers a repeat with the newest version": 1,
  "answers reads from memory": 15,
  "answers rejections and no-ops from memory": 18,
  "answers whenever it likes": 16,
  "calls an unknown outcome failed": 11,
  "calls settled what can still change": 5,
  "counts a refused question": 1,
  "counts an admission that has just left the window": 1,
  "counts one frame of two": 4,
  "does not fence reads": 5,
  "does not fence rejections and no-ops": 5,
  "drops the last command of a batch": 2,
  "fences nobody": 13,
  "forgets a caller": 4,
  "forgets admissions on restart": 1,
  "forgets receipts": 2,
  "forgets the receipts of rejections": 2,
  "goes past a page of the feed that it did not send": 1,
  "has a mailbox without bound": 1,
  "leaves out the events of the very time asked for": 1,
  "leaves the tenant out of its keys": 1,
  "leaves the tenant out of its subscriptions": 1,
  "leaves the tenant out of what it remembers of policies": 2,
  "lets an unknown type through while the registry is down": 2,
  "limits by the clock as it is": 12,
  "limits questions by itself, not with the other processes": 1,
  "looks at the first event of an append alone": 1,
  "loses a tick": 1,
  "never looks again for a schema that was missing": 3,
  "remembers a denial as the outcome of its command": 36,
  "remembers a yes of a server whose rules may change": 1,
  "remembers that the policies could not be asked": 1,
  "restarts without a budget": 10,
  "resumes behind the version that comes next": 2,
  "sends groups without bound": 12,
  "shows a tenant the violations of others": 1,
  "skips a version": 1,
  "stores a command twice": 1,
  "stores a snapshot of another state": 1,
  "stores an append in part": 1,
  "stores what no schema knows": 1,
  "stores what was not decided": 10,
  "takes a schema that was changed under its number": 9,
  "takes another body for a repeat": 4,
  "takes the clock as it is": 2,
  "tries a lost race again without deciding again": 4,
  "uses a corrupt snapshot": 42,
  'takes "true" for true': 2,
}

/** A planted bug that hides longer than this is one that the simulation does not reach. */
export const seedsMax = 1_000

/** No bug at all: what finds a bug must not find one here. */
export const clean: Required<Pick<Planted, "governance" | "host" | "stores" | "stream">> = {
  ...{ host: productionHost, stores: memoryStores, stream: productionStream, governance: productionGovernance },
}

/** Whether the run of a seed breaks one of the promises that the bug breaks. */
export const isFound = async (
  { breaks, governance, host, stores, stream }: Planted,
  seed: number,
): Promise<boolean> => {
  const scenario = scenarioOf(builtin.app, {
    ...builtin.options,
    ...{ store: stores, host },
    ...stream && { stream },
    ...governance && { governance },
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
