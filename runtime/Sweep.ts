/**
 * Once a second: idle actors leave memory, overdue callers are answered, spent failure records are forgotten.
 * @module
 */
import { Effect } from "effect"
import * as ActorError from "../core/ActorError.ts"
import { type Host, nowMs } from "./Host.ts"
import * as Metrics from "./HostMetrics.ts"
import * as Settle from "./Settle.ts"

export const sweep = (host: Host): Effect.Effect<void> =>
  Effect.sync(() => {
    const now = nowMs(host)
    for (const actor of host.roster.working) {
      const work = actor.work!
      for (const task of work.running) {
        if (now < task.deadline) continue
        // The answer is due, the append goes on: its receipt answers the repeat.
        if (task._tag === "Command") task.unknown = true
        Settle.fail(host, task, overdue)
      }
      if (!work.mailbox.some((task) => now >= task.deadline)) continue
      for (const task of work.mailbox) if (now >= task.deadline) Settle.fail(host, task, overdue)
      work.mailbox = work.mailbox.filter((task) => now < task.deadline)
      if (work.holder !== undefined || work.mailbox.length > 0) continue
      // Nothing is left for the tick that it stands in line for; there, the next command would put it in line twice.
      host.ready.splice(host.ready.indexOf(actor), 1)
      host.roster.rest(actor)
    }
    Settle.flush(host)
    const passivated = host.roster.passivate(now)
    if (passivated > 0) host.update(Metrics.ActorsPassivated, passivated)
    host.update(Metrics.ActorsLive, host.roster.size())
    host.supervision.prune(now)
  })

const overdue = new ActorError.Unavailable({ retryAfterSeconds: 1, reason: "timeout" })
