/**
 * What the clients of a run will ask, drawn before it begins: data, so that a failing run can be cut down.
 * @module
 */
import type { Faults } from "./Faults.ts"
import type { Operation } from "./History.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import { guest } from "./policyModel.ts"
import * as Question from "./Question.ts"
import type { Random } from "./random.ts"
import type { World } from "./World.ts"
import type { Asked, Workload } from "./workload.ts"

export interface Tenant {
  readonly name: string
  /** Stands in this tenant's payloads alone. */
  readonly secret: string
}

export interface Plan {
  readonly tenants: ReadonlyArray<Tenant>
  /** Each client does its operations one after the other. */
  readonly clients: ReadonlyArray<ReadonlyArray<Operation>>
  /** What each reader asks after the past, one after the other. */
  readonly readers: ReadonlyArray<ReadonlyArray<Question.Question>>
  /** All that they speak of. */
  readonly streams: ReadonlyArray<StreamKey>
}

export interface Size {
  readonly operations: number
  /** After the past. */
  readonly questions: number
  readonly clients: number
  readonly tenants: number
  /** Instances of each aggregate. */
  readonly ids: number
}
export const defaultSize: Size = { operations: 30, questions: 24, clients: 4, tenants: 2, ids: 2 }

const thinkMaxMs = 4_000
const guestChance = 0.2
const burstWidth = 24
const readersCount = 4

/** The plan of a seed; operations in `without` are left out, and the others stay what they were. */
export const make = (
  world: World,
  faults: Faults,
  workload: Workload,
  size: Size,
  without: ReadonlySet<number>,
): Plan => {
  const random = world.random("plan")
  const commands = world.random("workload")
  const people = world.random("people")
  const tenants = Array.from({ length: size.tenants }, (_, i) => ({
    name: `tenant-${i + 1}`,
    secret: `secret-of-${i + 1}-${random.below(1e9).toString(36)}`,
  }))
  const ids = Array.from({ length: size.ids }, (_, i) => `id-${i + 1}`)
  const clients: Array<Array<Operation>> = Array.from({ length: size.clients }, () => [])
  const done: Array<Operation> = []
  for (let n = 0; n < size.operations; n++) {
    const tenant = random.pick(tenants)
    const asked = workload({ random: commands, ids, secret: tenant.secret })
    const subject = people.chance(guestChance) ? guest : "client"
    const operation = draw(random, faults, n, { tenant, subject }, asked, done)
    done.push(operation)
    if (!without.has(n)) clients[n % size.clients]!.push(operation)
  }
  const streams = [...new Map(done.map(({ stream }) => [keyOf(stream), stream])).values()]
  const questions = { from: size.operations, questions: size.questions, readers: readersCount }
  const readers = Question.plan(world.random("questions"), streams, questions, without)
  return { tenants, readers, clients: clients.filter((operations) => operations.length > 0), streams }
}

const draw = (
  random: Random,
  faults: Faults,
  n: number,
  { subject, tenant }: { readonly tenant: Tenant; readonly subject: string },
  { aggregate, id, command, payload }: Asked,
  done: ReadonlyArray<Operation>,
): Operation => {
  // Always as many draws, so that what one operation is does not move the others.
  const [kind, reuse, chosen, match, late, think, wide] = Array.from({ length: 7 }, random.next) as Array<number>
  const earlier = done.length === 0 ? undefined : random.pick(done)
  const stream = { tenant: tenant.name, aggregate, id }
  const fresh: Operation = {
    n,
    name: `op-${n}`,
    stream,
    subject,
    command: kind! < 0.12 ? undefined : command,
    payload,
    commandId: chosen! < 0.75 ? `c-${n}` : undefined,
    ifMatch: match! < 0.08 ? "newest" : match! < 0.1 ? "stale" : undefined,
    notAfterMs: late! < 0.06 ? Math.floor(late! * 50_000) : undefined,
    // Some come at once, so that commands share a tick.
    thinkMs: think! < 0.5 ? 0 : Math.floor(((think! - 0.5) * 2) ** 2 * thinkMaxMs),
    width: 1,
    fault: undefined,
  }
  if (faults.isEnabled("burst") && wide! < 0.08) return { ...fresh, width: burstWidth, fault: "burst" }
  if (earlier?.commandId === undefined || earlier.command === undefined) return fresh
  const plain = { ...fresh, ifMatch: undefined, notAfterMs: undefined, commandId: earlier.commandId }
  if (faults.isEnabled("repeat") && reuse! < 0.15) {
    const { command, payload, stream, subject } = earlier
    return { ...plain, stream, subject, command, payload, fault: "repeat" }
  }
  if (
    faults.isEnabled("other-body") && reuse! > 0.92 && earlier.stream.aggregate === aggregate &&
    earlier.stream.tenant === tenant.name
  ) {
    return { ...plain, stream: earlier.stream, command, fault: "other-body" }
  }
  // Ids are unique per stream alone: the same one in another stream is another command.
  return reuse! > 0.45 && reuse! < 0.5 && keyOf(earlier.stream) !== keyOf(stream) ? plain : fresh
}
