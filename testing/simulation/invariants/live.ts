/**
 * What subscribers were told: everything, in order, of their own tenant alone, and no faster than they may be.
 * @module
 */
import { keyOf } from "../../../core/Stream.ts"
import type { Run, Violation } from "../run.ts"
import { type Connection, missing, type Subscriber } from "../Subscribers.ts"

const windowMs = 1_000

/** Every event that a subscriber wants, and on each of its sockets every stream without a gap. */
const delivered = (run: Run, subscriber: Subscriber): ReadonlyArray<Violation> => {
  const found = (message: string): Violation => ({ invariant: 10, message: `${subscriber.name} ${message}` })
  return [
    ...missing(subscriber, run.feed).map((event) => found(`was never told of ${keyOf(event)} at ${event.version}`)),
    ...subscriber.connections.flatMap((connection) => gaps(connection).map(found)),
  ]
}

const gaps = ({ host, told }: Connection): ReadonlyArray<string> => {
  const last = new Map<string, number>()
  const wrong: Array<string> = []
  for (const { aggregate, id, version } of told) {
    const key = `${aggregate}/${id}`
    const before = last.get(key)
    if (before !== undefined && version > before + 1) {
      wrong.push(`was told by ${host} of ${key} at ${version} behind ${before}`)
    }
    last.set(key, Math.max(before ?? 0, version))
  }
  return wrong
}

/** At most so many frames in any second of a socket. */
const rate = ({ limits: { framesPerSecond } }: Run, { connections, name }: Subscriber): ReadonlyArray<Violation> =>
  connections.flatMap(({ host, sentAt }) => {
    const at = sentAt.findIndex((time, i) => time - (sentAt[i - framesPerSecond] ?? -Infinity) < windowMs)
    return at < 0 ? [] : [{
      invariant: 13,
      message: `${name} was sent more than ${framesPerSecond} frames by ${host} in the second before ${sentAt[at]}`,
    }]
  })

/** Not a byte of another tenant: neither its payloads nor its name. */
const isolated = (run: Run, { connections, name, tenant }: Subscriber): ReadonlyArray<Violation> =>
  run.plan.tenants.filter((other) => other.name !== tenant).flatMap((other) =>
    connections.flatMap(({ texts }) => texts).filter((text) => text.includes(other.secret) || text.includes(other.name))
      .map(() => ({ invariant: 14, message: `${name} was told something of ${other.name}` }))
  )

export const live = (run: Run): ReadonlyArray<Violation> =>
  run.subscribers.flatMap((one) => [...delivered(run, one), ...rate(run, one), ...isolated(run, one)])
