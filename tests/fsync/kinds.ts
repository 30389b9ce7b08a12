/**
 * Does one command of each kind through a real host and store, and tells what was run between them.
 *
 * As a program, `kinds.ts <folder> [bug]`, it writes the name of each kind before it begins, so that a trace of its system
 * calls falls into kinds too.
 * @module
 */
import { Context, Effect, Layer, Logger, ManagedRuntime } from "effect"
import { Actors } from "../../core/Actors.ts"
import * as Limits from "../../core/Limits.ts"
import type { Shape as Principal } from "../../core/Principal.ts"
import * as locked from "../../edge/locked.ts"
import { sha256 } from "../../policies/bundle.ts"
import * as Policies from "../../policies/Policies.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Gate } from "../../runtime/Gate.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { watched } from "../../runtime/adapters/sqlite/testDriver.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import app from "../kill/app.ts"
import { plant } from "../kill/planted.ts"

const principal: Principal = { tenant: "t", subject: "s", scopes: ["commands:*", "read"] }
/** Printed before each kind, and with `between` behind it. */
const marker = (kind: string): string => `kind: ${kind}\n`
const between = "none"

const wasm = Deno.readFileSync(new URL("../../policies/bundle.wasm", import.meta.url))
/** What a busy machine makes late is counted all the same. */
const patient = { ...Limits.defaults, decisionMs: 60_000, registryTimeoutMs: 60_000 }

/** Opens the store anew, governed as a server is: no actor is in memory, nor anything of registry and policies. */
export const opened = async (folder: string, ran: Array<string>, registers = true) => {
  const stores = Layer.orDie(Sqlite.layer({ folder }, watched((sql, run) => (ran.push(sql), run()))))
  const runtime = ManagedRuntime.make(
    ActorHost.layer(app).pipe(
      Layer.provideMerge(Gate.layer(app)),
      Layer.provideMerge(Layer.merge(CachedRegistry.layer, Policies.layer({ nexus: { wasm, sha256 } }))),
      Layer.provideMerge(Layer.merge(stores, TickTrigger.layerImmediate)),
      Layer.provideMerge(Layer.succeed(Limits.Limits, patient)),
      Layer.provideMerge(Logger.layer([])),
    ),
  )
  await runtime.runPromise(locked.prepare(app, undefined, { production: false, writes: registers }))
  const actors = Context.get(await runtime.context(), Actors)
  const send = (id: string, command: string, payload: unknown, commandId?: string) =>
    runtime.runPromise(Effect.result(
      actors.send({ principal, aggregate: "Account", id, command, payload, commandId }),
    ))
  const read = (id: string) => runtime.runPromise(actors.state(principal, "Account", id))
  return { send, read, close: () => runtime.dispose() }
}

const many = Array.from({ length: 64 }, (_, n) => n)
const deposit = { pence: 5 }

/** Runs all kinds; `began` is told of each before it is sent, `ended` of the statements it took. */
export const all = async (
  folder: string,
  began: (kind: string) => void,
  ended: (kind: string, statements: ReadonlyArray<string>) => void,
): Promise<void> => {
  const ran: Array<string> = []
  const first = await opened(folder, ran)
  for (const n of many) await first.send(`warm-${n}`, "Deposit", deposit, `first-${n}`)
  await first.send("warm-0", "Withdraw", { pence: 999 }, "refused")
  await first.send("cold", "Deposit", deposit)
  await first.send("cold-read", "Deposit", deposit)
  await first.close()

  const { close, read, send } = await opened(folder, ran)
  for (const n of many) await read(`warm-${n}`)
  // The first commit behind an opening begins a log, and syncs its header apart.
  await send("warm-63", "Deposit", deposit)
  const kinds: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
    ["accepted, new stream", () => send("new", "Deposit", deposit)],
    ["accepted, warm", () => send("warm-0", "Deposit", deposit)],
    ["accepted, warm, id given", () => send("warm-0", "Deposit", deposit, "given")],
    ["accepted, warm, three events", () => send("warm-0", "DepositParts", { pence: 1, parts: 3 })],
    ["accepted, cold", () => send("cold", "Deposit", deposit)],
    ["rejected, warm", () => send("warm-0", "Withdraw", { pence: 999 })],
    ["rejected, warm, id given", () => send("warm-0", "Withdraw", { pence: 999 }, "given-2")],
    ["no-op, warm", () => send("warm-0", "Audit", {})],
    ["repeated, accepted before", () => send("warm-0", "Deposit", deposit, "first-0")],
    ["repeated, rejected before", () => send("warm-0", "Withdraw", { pence: 999 }, "refused")],
    ["read, warm", () => read("warm-1")],
    ["read, cold", () => read("cold-read")],
    ["invalid payload", () => send("warm-1", "Deposit", { pence: "many" })],
    ["64 accepted at once, one stream", () => Promise.all(many.map(() => send("warm-1", "Deposit", deposit)))],
    [
      "64 accepted at once, 64 warm streams",
      () => Promise.all(many.map((n) => send(`warm-${n}`, "Deposit", deposit))),
    ],
  ]
  for (const [kind, run] of kinds) {
    // A repeat unloads its actor: what follows shall find it warm.
    await read("warm-0")
    ran.length = 0
    began(kind)
    await run()
    ended(kind, [...ran])
  }
  await close()
}

if (import.meta.main) {
  const [folder = "", bug] = Deno.args
  await plant(bug)
  const mark = (name: string) => void Deno.stdout.writeSync(new TextEncoder().encode(marker(name)))
  await all(folder, mark, () => mark(between))
  Deno.exit(0)
}
