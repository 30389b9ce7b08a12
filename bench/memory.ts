/**
 * W7: the heap that an idle actor holds, measured over many of them. Needs `--expose-gc`.
 * @module
 */
import { collect } from "./commands.ts"
import { placeOrder } from "./domain.ts"
import type { Measurement } from "./Figures.ts"
import { fly } from "./Flight.ts"
import type { Subject } from "./Subject.ts"

/** So many actors live before the first measurement: their code is compiled and their caches are filled. */
const warmActors = 1_000

/** Three collections with pauses: what only a finalizer frees goes with the second. */
const settled = async (): Promise<{ readonly heapUsed: number; readonly rss: number }> => {
  for (let n = 0; n < 3; n++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return process.memoryUsage()
}

const place =
  (running: { readonly send: (id: string, request: ReturnType<typeof placeOrder>) => Promise<unknown> }) =>
  async (id: string): Promise<void> => void (await running.send(id, placeOrder(id)))

/** Places `actors` orders and looks at the heap once nothing is in flight. */
export const ofSubject = async (subject: Subject, actors: number, folder: string): Promise<Measurement> => {
  if (typeof (globalThis as { gc?: unknown }).gc !== "function") throw new Error("start with --v8-flags=--expose-gc")
  const running = await subject.open(folder)
  const send = place(running)
  await fly(warmActors, 256, (n) => send(`warm-${n}`))
  const before = await settled()
  await fly(actors, 256, (n) => send(`order-${n}`))
  const after = await settled()
  const resident = running.resident?.()
  await running.close()
  const per = (a: number, b: number) => Math.round((b - a) / actors)
  return {
    subject: subject.name,
    workload: "W7",
    figures: {
      count: actors,
      heapBytesPerActor: per(before.heapUsed, after.heapUsed),
      rssBytesPerActor: per(before.rss, after.rss),
    },
    faults: resident === undefined || resident === warmActors + actors
      ? []
      : [`${resident} actors are in memory, ${warmActors + actors} were commanded`],
  }
}
