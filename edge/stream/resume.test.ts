import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { keyOf } from "../../core/Stream.ts"
import type { Item } from "../../tests/http/Listener.ts"
import * as Rig from "../../tests/stream/Rig.ts"

const below = (bound: number) => Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: bound - 1 })))
const tenants = ["t", "u"]
const ids = ["a", "b", "c"]
const subscribers = 5
const Step = Schema.Union([
  Schema.Struct({ do: Schema.Literal("write"), id: below(ids.length), tenant: below(2), count: below(4) }),
  Schema.Struct({ do: Schema.Literals(["cut", "stall", "take"]), who: below(subscribers) }),
  Schema.Struct({ do: Schema.Literals(["pass", "late"]), ms: below(400) }),
  Schema.Struct({ do: Schema.Literals(["fail", "heal", "restart"]) }),
])

/** A client that comes back whenever it is cut off, with what it remembers of the last frame. */
const subscriber = (connect: () => Rig.Wire, tenant: string, first: object, byIds: boolean) => {
  const connections: Array<Rig.Wire> = []
  const memory = (): object => {
    const frames = connections.flatMap((wire) => wire.frames).filter(({ subscription }) => subscription === "s")
    if (!byIds) {
      const position = frames.findLast((frame) => frame.position !== undefined)?.position
      return position === undefined ? first : { ...first, after: position }
    }
    const own = (first as { ids: Record<string, number> }).ids
    const versions = { ...own }
    for (const { id, version } of frames.flatMap(({ events }) => events ?? [])) versions[id] = version
    return { ...first, ids: versions }
  }
  const dial = () => {
    const wire = connect()
    const message = { op: "subscribe", subscription: "s", ...memory() }
    connections.push(wire)
    wire.say(message)
    // A second one, so that frames of both meet.
    wire.say({ op: "subscribe", subscription: "x", aggregate: "Box" })
  }
  dial()
  return { connections, dial, tenant, now: () => connections.at(-1)! }
}

const name = (item: Pick<Item, "id" | "version">) => `${item.id} ${item.version}`

describe("a subscriber that resumes", () => {
  it.effect.prop(
    "misses nothing and sees each stream in order, at whatever moments it is cut, stalled or restarted",
    { steps: Schema.Array(Step).pipe(Schema.check(Schema.isMinLength(20), Schema.isMaxLength(60))) },
    ({ steps }) => {
      const trouble = { failing: () => false, feeds: 0, lateMs: 0 }
      const limits = { framesPerSecond: 3, eventsPerFrame: 5, tailPage: 4, socketBufferBytes: 1_000 }
      return Effect.provide(
        Effect.gen(function* () {
          const rig = yield* Rig.open
          for (const tenant of tenants) yield* rig.write("a", 3, tenant)
          const all = { a: 0, b: 0, c: 0 }
          const own = (tenant: string, first: object) =>
            subscriber(() => rig.connect(Rig.identityOf(tenant)), tenant, first, "ids" in first)
          const clients = [
            own("t", { after: "start" }),
            own("t", { aggregate: "Box" }),
            own("t", { aggregate: "Box", ids: all }),
            own("u", { after: "start", types: ["ItemPut"] }),
            own("u", { aggregate: "Box", ids: { a: 2, c: 0 } }),
          ]
          yield* rig.pass(200)
          const late = new Set((yield* rig.log("t")).map(name))
          for (const step of steps) {
            switch (step.do) {
              case "write":
                yield* rig.write(ids[step.id]!, step.count + 1, tenants[step.tenant])
                break
              case "cut":
                clients[step.who]!.now().cut()
                clients[step.who]!.dial()
                break
              case "stall":
                clients[step.who]!.now().taking = false
                break
              case "take":
                Object.assign(clients[step.who]!.now(), { taking: true, buffered: 0 })
                break
              case "pass":
                yield* rig.pass(step.ms)
                break
              case "late":
                trouble.lateMs = step.ms / 4
                break
              case "restart":
                yield* rig.restart
                for (const client of clients) client.dial()
                break
              default:
                trouble.failing = () => step.do === "fail"
            }
          }
          Object.assign(trouble, { failing: () => false, lateMs: 0 })
          for (const client of clients) {
            Object.assign(client.now(), { taking: true, buffered: 0 })
            // Left by the server meanwhile: it comes back.
            if (client.now().code !== undefined) client.dial()
          }
          yield* rig.pass(30_000)

          for (const [n, { connections, tenant }] of clients.entries()) {
            const stored = (yield* rig.log(tenant)).filter((event) =>
              n === 1 ? !late.has(name(event)) : n !== 4 || (event.id === "a" ? event.version > 2 : event.id === "c")
            )
            const told = connections.flatMap((wire) => wire.events())
            const missing = stored.filter((event) => !told.some((item) => name(item) === name(event)))
            assert.deepStrictEqual(missing.map(keyOf), [], `client ${n}`)
            if (n === 1) assert.isFalse(told.some((item) => late.has(name(item))))
            for (const wire of connections) {
              const seen = new Map<string, number>()
              for (const { id, version } of wire.events()) {
                const before = seen.get(id)
                if (before !== undefined) assert.strictEqual(version, before + 1, `client ${n}, ${id}`)
                seen.set(id, version)
              }
              for (const item of wire.events()) {
                assert.isTrue(String(item.payload["text"]).startsWith(`${tenant}/`), `client ${n}`)
              }
              for (const [i, time] of wire.times.entries()) {
                const old = wire.times[i - limits.framesPerSecond]
                if (old !== undefined) assert.isAtLeast(time - old, 1_000)
              }
            }
          }
        }),
        Rig.layerOf(limits, trouble),
      )
    },
    { arbitrary: { runs: 30, seed: 3 }, timeout: 60_000 },
  )
})
