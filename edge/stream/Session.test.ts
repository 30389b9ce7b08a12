import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import * as Rig from "../../tests/stream/Rig.ts"

const live = (
  name: string,
  body: (
    rig: Effect.Success<typeof Rig.open>,
    trouble: Rig.Troubled,
    logged: ReadonlyArray<unknown>,
  ) => Generator<Effect.Effect<unknown>, void>,
  limits: Parameters<typeof Rig.layerOf>[0] = {},
) => {
  it.effect(name, () => {
    const trouble = { failing: () => false, feeds: 0 }
    const logged: Array<unknown> = []
    const logger = Logger.make(({ message }) => void logged.push(message))
    return Effect.provide(
      Effect.gen(function* () {
        const rig = yield* Rig.open
        yield* Effect.gen(() => body(rig, trouble, logged) as Generator<Effect.Effect<unknown>, void, never>)
      }),
      Layer.provideMerge(Rig.layerOf(limits, trouble), Logger.layer([logger])),
    )
  })
}

const subscribe = (more: object = {}, subscription = "s") => ({ op: "subscribe", subscription, ...more })
const tags = (wire: Rig.Wire) => wire.frames.map(({ problem, type }) => problem?.["_tag"] ?? type)

describe("a session", () => {
  live(
    "sends at most its rate in any second, whatever comes, and delays the rest",
    function* ({ connect, pass, write }) {
      const wire = connect()
      wire.say(subscribe())
      yield* pass(50)
      for (let n = 0; n < 200; n++) {
        yield* write(`a${n % 3}`)
        yield* pass(7)
      }
      yield* pass(60_000)
      assert.strictEqual(wire.events().length, 200)
      const crowd = wire.times.map((time) => wire.times.filter((one) => one > time - 1_000 && one <= time).length)
      assert.isAtMost(Math.max(...crowd), 10)
      // Delayed no longer than the rate asks for.
      assert.strictEqual(Math.max(...crowd), 10)
    },
    { framesPerSecond: 10, tailPollMs: 5, tailPauseMs: 1 },
  )

  live("leaves a reader that takes nothing, and keeps little for it", function* ({ connect, limits, pass, write }) {
    const [slow, quick] = [connect(), connect(Rig.identityOf("t", "other"))]
    for (const wire of [slow, quick]) wire.say(subscribe())
    yield* pass(50)
    slow.taking = false
    for (let n = 0; n < 40; n++) yield* write("a", 1, "t", 1_000)
    yield* pass(limits.socketStallMs - 1_000)
    assert.isUndefined(slow.code)
    yield* pass(2_000)
    assert.strictEqual(slow.code, 1013)
    assert.isAtMost(slow.bufferedMost, limits.socketBufferBytes + limits.frameBytes + 1_000)
    assert.deepStrictEqual([quick.code, quick.events().length], [undefined, 40])
  }, { socketBufferBytes: 5_000, frameBytes: 4_000 })

  live("goes on with a reader that pauses, from where it was", function* ({ connect, pass, write }) {
    const wire = connect()
    wire.say(subscribe({ aggregate: "Box", ids: { a: 0 } }))
    yield* pass(50)
    wire.taking = false
    for (let n = 0; n < 30; n++) {
      yield* write("a", 1, "t", 1_000)
      yield* pass(100)
    }
    assert.isBelow(wire.events().length, 30)
    wire.taking = true
    wire.buffered = 0
    yield* pass(2_000)
    assert.deepStrictEqual(wire.events().map(({ version }) => version), Array.from({ length: 30 }, (_, i) => i + 1))
  }, { socketBufferBytes: 5_000, frameBytes: 4_000 })

  live("ends when its token does, and sends nothing from then on", function* ({ connect, pass, write }) {
    const wire = connect(Rig.identityOf("t", "s", 4_500))
    wire.say(subscribe())
    yield* pass(4_400)
    yield* write("a")
    yield* pass(99)
    assert.strictEqual(wire.events().length, 1)
    yield* pass(1)
    yield* write("a")
    // Before the tokens of all are looked at the next time.
    yield* pass(200)
    assert.deepStrictEqual([wire.code, wire.events().length], [1008, 1])
  }, { tailPollMs: 10 })

  live("rests once it has ended, though its peer has not gone and much was still to be sent", function* (rig) {
    const wire = rig.connect(Rig.identityOf("t", "s", 5_001))
    wire.lingering = true
    yield* rig.write("a", 20)
    yield* rig.pass(100)
    wire.say(subscribe({ after: "start" }))
    // All tokens are looked at each second: it is a frame that finds this one expired.
    yield* rig.pass(5_500)
    assert.strictEqual(wire.code, 1008)
    let looks = 0
    Object.defineProperty(wire, "buffered", { get: () => (looks++, 0) })
    yield* rig.pass(100)
    assert.strictEqual(looks, 0)
  }, { framesPerSecond: 1, eventsPerFrame: 1 })

  live("ends where messages come faster than they may", function* ({ connect, pass }) {
    const wire = connect()
    for (let n = 0; n < 100; n++) wire.say("{}")
    assert.isUndefined(wire.code)
    yield* pass(900)
    assert.deepStrictEqual([wire.frames.length, wire.code], [100, undefined])
    wire.say("{}")
    assert.strictEqual(wire.code, 1008)
  })

  live("holds its principal to its subscriptions, over all its sockets", function* ({ connect, pass }) {
    const [first, second, other] = [connect(), connect(), connect(Rig.identityOf("t", "other"))]
    first.say(subscribe({}, "a"))
    yield* pass(10)
    second.say(subscribe({}, "b"))
    second.say(subscribe({}, "c"))
    other.say(subscribe({}, "c"))
    yield* pass(10)
    assert.deepStrictEqual(tags(second), ["subscribed", "TooManySubscriptions"])
    assert.deepStrictEqual(tags(other), ["subscribed"])
    first.cut()
    second.say(subscribe({}, "c"))
    second.say({ op: "unsubscribe", subscription: "b" })
    second.say(subscribe({}, "d"))
    second.say(subscribe({}, "d"))
    yield* pass(10)
    const more = ["subscribed", "unsubscribed", "subscribed", "MessageInvalid"]
    assert.deepStrictEqual(tags(second), ["subscribed", "TooManySubscriptions", ...more])
  }, { subscriptionsPerPrincipal: 2 })

  live("is refused beyond the sockets of a principal, and of the process", function* ({ connect }) {
    const first = connect()
    connect()
    assert.throws(() => connect(), /TooManySockets/)
    connect(Rig.identityOf("t2", "s"))
    assert.throws(() => connect(Rig.identityOf("t3", "s")), /Unavailable/)
    first.cut()
    connect(Rig.identityOf("t3", "s"))
    yield* Effect.void
  }, { socketsPerPrincipal: 2, sockets: 3 })

  live("ends with the process", function* ({ connect, hub, pass }) {
    const wire = connect()
    yield* pass(10)
    hub.drain()
    assert.strictEqual(wire.code, 1001)
    assert.throws(() => connect(), /Unavailable/)
  })

  live("waits for a store that fails, and ends where it fails for good", function* ({ connect, pass, write }, trouble) {
    const wire = connect()
    wire.say(subscribe({ aggregate: "Box", ids: { a: 0 } }))
    yield* pass(50)
    trouble.failing = () => true
    yield* write("a")
    yield* pass(5_000)
    assert.deepStrictEqual([wire.code, wire.events().length], [undefined, 0])
    wire.say(subscribe({ after: "start" }, "t"))
    trouble.failing = () => false
    yield* pass(5_000)
    assert.deepStrictEqual([wire.events().length, wire.events("t").length], [1, 1])
    wire.taking = false
    for (let n = 0; n < 20; n++) yield* write("a", 1, "t", 1_000)
    yield* pass(500)
    trouble.failing = () => true
    wire.taking = true
    wire.buffered = 0
    yield* pass(60_000)
    assert.strictEqual(wire.code, 1011)
  }, { socketBufferBytes: 2_000, frameBytes: 2_000 })

  live("cuts frames by their bytes, and sends an event that alone is too large", function* ({ connect, pass, write }) {
    const wire = connect()
    yield* write("a", 5, "t", 900)
    yield* write("b", 2, "t", 9_000)
    yield* write("c", 120)
    wire.say(subscribe({ after: "start" }))
    wire.say(subscribe({ aggregate: "Box", ids: { a: 0, b: 0, c: 0 } }, "ids"))
    yield* pass(10_000)
    for (const name of ["s", "ids"]) {
      assert.strictEqual(wire.events(name).length, 127)
      const sizes = wire.frames.filter(({ events, subscription }) => events !== undefined && subscription === name)
        .map(({ events }) => ({ count: events!.length, bytes: JSON.stringify(events).length }))
      for (const { bytes, count } of sizes) {
        assert.isTrue(count === 1 || bytes < 6_000, `${count} events, ${bytes} bytes`)
      }
    }
  }, { frameBytes: 4_000 })

  live("reads the feed once for all sockets that have caught up", function* ({ connect, pass, write }, trouble) {
    const wires = Array.from({ length: 50 }, (_, n) => connect(Rig.identityOf("t", `s${n}`)))
    for (const wire of wires) wire.say(subscribe())
    yield* pass(100)
    trouble.feeds = 0
    yield* write("a")
    yield* pass(200)
    for (const wire of wires) assert.strictEqual(wire.events().length, 1)
    assert.isAtMost(trouble.feeds, 10)
  })

  live("holds all its subscriptions to one rate, while some read the log and others do not", function* (rig, trouble) {
    const { connect, pass, write } = rig
    yield* write("a", 40)
    const wire = connect()
    trouble.lateMs = 40
    for (const name of ["x", "y"]) wire.say(subscribe({}, name))
    yield* pass(500)
    wire.say(subscribe({ after: "start" }))
    for (let n = 0; n < 60; n++) {
      yield* write("b")
      yield* pass(37)
    }
    trouble.lateMs = 0
    yield* pass(30_000)
    for (const [name, count] of [["x", 60], ["y", 60], ["s", 100]] as const) {
      assert.strictEqual(wire.events(name).length, count)
    }
    for (const [i, time] of wire.times.entries()) if (i >= 5) assert.isAtLeast(time - wire.times[i - 5]!, 1_000)
  }, { framesPerSecond: 5, eventsPerFrame: 10, tailPage: 10, tailPollMs: 10 })

  live("survives a store that breaks where it can, and else ends alone", function* ({ connect, pass, write }, trouble) {
    const wire = connect()
    wire.say(subscribe())
    yield* pass(50)
    trouble.failing = () => {
      throw new Error("a bug of the store")
    }
    yield* write("a")
    yield* pass(500)
    const reader = connect(Rig.identityOf("t", "other"))
    reader.say(subscribe({ aggregate: "Box", ids: { a: null } }))
    trouble.failing = () => false
    yield* pass(500)
    assert.deepStrictEqual([wire.events().length, wire.code, reader.code], [1, undefined, undefined])
    wire.taking = false
    for (let n = 0; n < 9; n++) yield* write("a", 1, "t", 1_000)
    yield* pass(300)
    trouble.failing = () => {
      throw new Error("a bug of the store")
    }
    Object.assign(wire, { taking: true, buffered: 0 })
    yield* pass(500)
    assert.deepStrictEqual([wire.code, reader.code], [1011, undefined])
  }, { socketBufferBytes: 2_000, frameBytes: 2_000 })

  live("ends with 1011, as all others do, where the feed is another one, and may come back", function* (
    { connect, pass, tail, write },
    trouble,
    logged,
  ) {
    const wires = ["t", "u"].map((tenant) => connect(Rig.identityOf(tenant)))
    for (const wire of wires) wire.say(subscribe())
    yield* pass(50)
    Object.assign(trouble, { replaced: true })
    tail.wake()
    yield* pass(5)
    assert.deepStrictEqual(wires.map(({ code }) => code), [1011, 1011])
    Object.assign(trouble, { replaced: false })
    const again = connect()
    again.say(subscribe())
    yield* pass(500)
    yield* write("a")
    yield* pass(500)
    assert.strictEqual(again.events().length, 1)
    assert.deepStrictEqual([...new Set(logged.flat())], ["the feed is another one than before"])
  })

  live("that breaks ends alone, and is told of in the log", function* ({ connect, pass, write }, _, logged) {
    const wires = Array.from({ length: 3 }, (_, n) => connect(Rig.identityOf("t", `s${n}`)))
    for (const wire of wires) wire.say(subscribe())
    yield* pass(50)
    wires[0]!.broken = true
    for (let n = 1; n <= 2; n++) {
      yield* write("a")
      yield* pass(200)
    }
    assert.deepStrictEqual(wires.map(({ code }) => code), [1011, undefined, undefined])
    assert.deepStrictEqual(wires.map((wire) => wire.events().length), [0, 2, 2])
    // No text at all: a bug of the adapter, which nobody else could catch.
    wires[1]!.say(undefined)
    assert.deepStrictEqual(wires.map(({ code }) => code), [1011, 1011, undefined])
    assert.deepStrictEqual(logged, [["socket failed"], ["socket failed"]])
  })
})
