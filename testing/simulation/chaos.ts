/**
 * What befalls processes: killed, shut down, paused, their clocks moved, until the faults of the run end.
 * @module
 */
import { Effect } from "effect"
import { tombstone } from "../../core/EventStore.ts"
import type { StreamKey } from "../../core/Stream.ts"
import * as Fleet from "./Fleet.ts"
import { guest } from "./policyModel.ts"
import { register } from "./registryModel.ts"
import { call, recorded } from "./storeModel.ts"

const withdrawnMaxMs = 15_000
const registerChance = 0.3
const roundMaxMs = 4_000
const downMaxMs = 5_000
const pauseMaxMs = 60_000
const jumpMaxMs = 3_600_000

export const chaos = Effect.fnUntraced(function* (
  setting: Fleet.Setting,
  slots: ReadonlyArray<Fleet.Slot>,
  streams: ReadonlyArray<StreamKey>,
) {
  const { faults, world } = setting
  const random = world.random("chaos")
  while (true) {
    yield* Effect.sleep(1 + random.below(roundMaxMs))
    if (faults.hasEnded()) return
    if (faults.strikes("close-stream", "operator", 0.1)) yield* close(setting, random.pick(streams))
    const { tenant } = random.pick(streams)
    const until = world.now() + faults.amount(withdrawnMaxMs)
    if (faults.strikes("scopes-withdrawn", "operator", 0.2)) {
      setting.rules.withdrawnUntil.set(`${tenant}/${random.pick(["client", guest])}`, until)
    }
    if (setting.rules.isRemote && faults.strikes("policy-closes", "operator")) {
      setting.rules.closedUntil.set(tenant, until)
    }
    if (setting.registry.late.size > 0 && random.chance(registerChance)) register(world, setting.registry, 1)
    const slot = random.pick(slots)
    const { host } = slot
    if (host === undefined) {
      yield* Fleet.open(setting, slot)
      continue
    }
    if (faults.strikes("pause", host.name)) host.process.pause(faults.amount(pauseMaxMs))
    if (faults.strikes("clock-back", host.name)) host.process.jump(-faults.amount(jumpMaxMs))
    if (faults.strikes("clock-forward", host.name)) host.process.jump(faults.amount(jumpMaxMs))
    if (faults.strikes("crash", host.name)) Fleet.kill(setting, slot)
    else if (faults.strikes("restart", host.name)) yield* Fleet.shutdown(setting, slot)
    if (slot.host !== undefined) continue
    yield* Effect.sleep(faults.amount(downMaxMs))
    yield* Fleet.open(setting, slot)
  }
})

/** Ends a stream where it stands; whoever wins the race, nothing comes behind. */
const close = Effect.fnUntraced(function* ({ commits, network, store, world }: Fleet.Setting, stream: StreamKey) {
  const expected = yield* Effect.orDie(call(network, store.head(stream)))
  const commandId = `close-${commits.length}`
  const command = {
    ...{ commandId, given: true, fingerprint: commandId, correlationId: commandId, causationId: undefined },
    ...{ principal: "operator", traceparent: undefined, writerId: "operator" },
  }
  const event = { ...tombstone, eventId: commandId }
  const append = { stream, expected, events: [event], command, remember: true, refusal: undefined }
  yield* Effect.orDie(recorded(world, store, commits)(network, [append]))
})
