/**
 * Live subscriptions over sockets that are cut at random: each event once, in order, and an end when one is wanted.
 * @module
 */
import { assert, describe, it } from "vitest"
import type { Box } from "../../tests/http/app.ts"
import * as FakeStream from "../../tests/client/FakeStream.ts"
import { chance, make, type TestPlatform } from "../../tests/client/platform.ts"
import type { Bounds } from "./bounds.ts"
import { connectOn } from "./connect.ts"
import type { Live } from "./live.ts"
import { pause } from "./Platform.ts"

type Stream = Live<FakeStream.Event>

const open = (seed: number, bounds: Partial<Bounds> = {}) => {
  const random = chance(seed)
  const platform: TestPlatform = make({ seed, webSocket: class {} as never })
  const server = FakeStream.make({ platform: () => platform, random })
  Object.assign(platform, { webSocket: server.webSocket })
  const client = connectOn<{ Box: typeof Box }>(platform, { url: "http://n", token: "t", bounds })
  return { random, platform, server, client }
}

const keyOf = ({ aggregate, id, version }: FakeStream.Event) => `${aggregate}/${id}/${version}`

/** Each once, and those of a stream in order. */
const isOrdered = (events: ReadonlyArray<FakeStream.Event>): boolean => {
  const last = new Map<string, number>()
  return events.every(({ aggregate, id, version }) => {
    const before = last.get(`${aggregate}/${id}`) ?? 0
    last.set(`${aggregate}/${id}`, version)
    return version > before
  })
}

const ids = ["b-1", "b-2", "b-3"]

/** Writes and cuts, for as long as there is something to write. */
const disturb = async ({ platform, random, server }: ReturnType<typeof open>, count: number): Promise<void> => {
  for (let n = 0; n < count; n++) {
    server.publish(random() < 0.8 ? "Box" : "Other", ids[Math.floor(random() * ids.length)]!)
    await pause(platform, random() * 60, undefined)
    const codes = [1001, 1006, 1006, 1008, 1011, 1013]
    if (random() < 0.15) server.last().cut(codes[Math.floor(random() * codes.length)]!)
  }
}

const read = async (
  { platform, random }: ReturnType<typeof open>,
  stream: Stream,
  slowMs: number,
  isEnough: (events: ReadonlyArray<FakeStream.Event>) => boolean,
): Promise<ReadonlyArray<FakeStream.Event>> => {
  const events: Array<FakeStream.Event> = []
  if (isEnough(events)) return events
  for await (const event of stream) {
    events.push(event)
    if (isEnough(events)) break
    if (random() < 0.3) await pause(platform, random() * slowMs, undefined)
  }
  return events
}

describe("a live subscription", () => {
  const kinds: Readonly<Record<string, (client: ReturnType<typeof open>["client"]) => Stream>> = {
    "from the start": (client) => client.live({ after: "start" }),
    "of one aggregate": (client) => client.Box.live({ after: "start" }),
    "of instances by version": (client) => client.Box.live({ ids: { "b-1": 0, "b-2": 0, "b-3": 3 } }),
    "from now on": (client) => client.live(),
  }
  for (const [kind, subscribe] of Object.entries(kinds)) {
    it(`${kind} yields each event once and in order over any cuts`, async () => {
      for (let seed = 1; seed <= 60; seed++) {
        const all = open(seed, { waitingEvents: 20 })
        const { client, platform, server } = all
        for (let n = 0; n < 10; n++) server.publish("Box", ids[n % 3]!)
        const stream = subscribe(client)
        if (kind === "from now on") await platform.settle(stream.ready)
        const disturbed = disturb(all, 120)
        await platform.settle(disturbed)
        const wanted = server.log.filter((event, index) =>
          kind === "of one aggregate"
            ? event.aggregate === "Box"
            : kind === "of instances by version"
            ? event.aggregate === "Box" && (event.id !== "b-3" || event.version > 3)
            : kind !== "from now on" || index >= 10
        )
        const events = await platform.settle(read(all, stream, 100, ({ length }) => length === wanted.length))
        assert.isTrue(isOrdered(events), `seed ${seed}`)
        assert.sameMembers(events.map(keyOf), wanted.map(keyOf), `seed ${seed}`)
      }
    })
  }

  it("goes on from a position or from versions that were kept, and misses nothing", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const all = open(seed)
      const { client, platform, server } = all
      for (let n = 0; n < 60; n++) server.publish("Box", ids[n % 3]!)
      const first = client.Box.live({ after: "start" })
      const before = await platform.settle(read(all, first, 0, ({ length }) => length === seed % 60 + 1))
      const byPosition = client.Box.live({ after: first.position ?? "start" })
      const seen = new Set(before.map(keyOf))
      const whole = () => seen.size === 60
      await platform.settle(read(all, byPosition, 0, (events) => {
        for (const event of events.slice(-1)) seen.add(keyOf(event))
        return whole()
      }))
      assert.isTrue(whole())
      const some = client.Box.live({ ids: { "b-1": 0, "b-2": 5 } })
      const part = await platform.settle(read(all, some, 0, ({ length }) => length === 10))
      const others = client.Box.live({ ids: some.versions as Record<string, number> })
      const last = await platform.settle(read(all, others, 0, ({ length }) => length === 25))
      assert.strictEqual(new Set([...part, ...last].map(keyOf)).size, 35)
    }
  })

  it("keeps no more for a slow reader than its bound and a frame, and halts nobody else", async () => {
    const all = open(3, { waitingEvents: 20 })
    const { client, platform, server } = all
    const slow = client.Box.live({ after: "start" })
    const quick = client.Box.live({ after: "start" })
    const quickly = read(all, quick, 0, ({ length }) => length === 500)
    for (let n = 0; n < 500; n++) server.publish("Box", "b-1")
    assert.lengthOf(await platform.settle(quickly), 500)
    const names = server.last().messages.filter(({ op }) => op === "unsubscribe").map(({ subscription }) =>
      subscription
    )
    assert.deepStrictEqual(names, ["s1", "s2"])
    // Nothing more comes for it until half was read: then it asks behind what it has.
    for (let n = 0; n < 10; n++) await platform.settle(slow.next())
    const asked = () => server.last().messages.filter(({ op }) => op === "subscribe")
    assert.lengthOf(asked(), 2)
    for (let n = 0; n < 6; n++) await platform.settle(slow.next())
    assert.lengthOf(asked(), 3)
    assert.isAtLeast(Number(asked()[2]!.after), 21)
    assert.isAtMost(Number(asked()[2]!.after), 25)
    const events = await platform.settle(read(all, slow, 0, ({ length }) => length === 484))
    assert.deepStrictEqual(events.map(({ version }) => version), Array.from({ length: 484 }, (_, n) => n + 17))
  })

  it("stays halted over cuts: however many there are, no more is kept", async () => {
    const all = open(4, { waitingEvents: 20 })
    const { client, platform, server } = all
    const stuck = client.Box.live({ after: "start" })
    for (let n = 0; n < 500; n++) server.publish("Box", "b-1")
    for (let cuts = 0; cuts < 10; cuts++) {
      await platform.pass(20_000)
      if (cuts > 0) assert.isEmpty(server.last().messages.filter(({ op }) => op === "subscribe"))
      server.last().cut(1006)
    }
    const events = await platform.settle(read(all, stuck, 0, ({ length }) => length === 500))
    assert.deepStrictEqual(events.map(({ version }) => version), Array.from({ length: 500 }, (_, n) => n + 1))
  })

  it("ends without an error on break, return, close and abort, and the last one takes the socket along", async () => {
    const { client, platform, server } = open(1)
    const controller = new AbortController()
    const { signal } = controller
    const enders: ReadonlyArray<(stream: Stream) => unknown> = [
      (stream) => stream.return!(),
      (stream) => stream.close(),
      () => controller.abort(),
    ]
    const streams = enders.map((_, index) => client.live(index === 2 ? { signal } : {}) as Stream)
    await platform.settle(Promise.all(streams.map(({ ready }) => ready)))
    for (const [index, end] of enders.entries()) {
      assert.isTrue(server.last().isOpen())
      const waiting = streams[index]!.next()
      end(streams[index]!)
      assert.deepStrictEqual(await platform.settle(waiting), { done: true, value: undefined })
      assert.deepStrictEqual(await streams[index]!.next(), { done: true, value: undefined })
    }
    const gone = server.last().messages.filter(({ op }) => op === "unsubscribe").map(({ subscription }) => subscription)
    assert.deepStrictEqual(gone, ["s1", "s2", "s3"])
    assert.isFalse(server.last().isOpen())
    assert.lengthOf(server.sockets, 1)

    const later = client.live()
    await platform.settle(later.ready)
    assert.lengthOf(server.sockets, 2)
    client.close()
    assert.isTrue((await platform.settle(later.next())).done)
    assert.isFalse(server.last().isOpen())
    assert.isTrue((await platform.settle(client.live().next())).done)
    const early = open(1)
    const aborted = early.client.live({ signal: AbortSignal.abort() })
    assert.isTrue((await early.platform.settle(aborted.next())).done)
    assert.lengthOf(early.server.sockets, 0)
  })
})
