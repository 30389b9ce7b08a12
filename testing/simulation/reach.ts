/**
 * How far the runs went into an application: a command that was never accepted, or an event that was never stored, was not
 * tested at all, however many seeds passed.
 * @module
 */
import type * as App from "../../core/App.ts"
import type { Run } from "./run.ts"

const accepted = (aggregate: string, command: string): string => `${aggregate}.${command} accepted`
const stored = (aggregate: string, event: string): string => `${aggregate}.${event} stored`
const rejected = (aggregate: string, rejection: string): string => `${aggregate}.${rejection} rejected`

/** Everything that an application declares a run can come to. */
export const declared = (app: App.App): ReadonlySet<string> =>
  new Set(
    Object.values(app.aggregates).flatMap(({ contract: { aggregate, commands, events } }) => [
      ...Object.keys(commands).map((tag) => accepted(aggregate, tag)),
      ...Object.keys(events).map((tag) => stored(aggregate, tag)),
      ...Object.values(commands).flatMap(({ rejections }) =>
        rejections.map(({ identifier }) => rejected(aggregate, identifier))
      ),
    ]),
  )

/** What of it a run came to. */
export const reached = ({ attempts, streams }: Run): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const { answer, operation: { command, stream: { aggregate } } } of attempts) {
    if (answer?._tag === "Accepted") names.add(accepted(aggregate, command!))
    if (answer?._tag === "Rejected") names.add(rejected(aggregate, answer.rejected.tag))
  }
  for (const events of streams.values()) {
    for (const { aggregate, type } of events) names.add(stored(aggregate, type))
  }
  return names
}
