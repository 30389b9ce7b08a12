/**
 * `nexus close`: ends a stream for good. Works on the store itself, also while servers write to it.
 * @module
 */
import { Effect } from "effect"
import { EventStore } from "../core/EventStore.ts"
import * as Close from "../runtime/Close.ts"
import { type Open, streamOf } from "./inspect.ts"
import { anyStore, application, failed, Failure, notAsked, type Verb, versionPattern, wrong } from "./Verb.ts"

const saidOf = (error: { readonly _tag?: string; readonly message: string }, name: string, seen: string): Failure => {
  if (error instanceof Failure) return error
  if (error instanceof Close.StreamAbsent) return failed(`${name} holds no event: there is nothing to close`)
  if (error instanceof Close.StreamMoved) {
    return failed(`${name} is at version ${error.version}, not at ${seen}: look at it again; nothing was closed`)
  }
  if (error instanceof Close.StreamBusy) {
    return failed(`others wrote to ${name} before each of ${error.attempts} attempts: try again`)
  }
  return notAsked(error)
}

export const close = (open: Open): Verb => ({
  name: "close",
  help: "Close a stream for good: it takes no more commands, its history stays",
  operands: { STREAM: "Tenant/Aggregate/id" },
  options: {
    ...anyStore,
    ...application,
    seen: { help: "Its version as you saw it, or `any`: whatever others store until then", value: "VERSION" },
    "dry-run": { help: "Show where it stands, and change nothing" },
  },
  notes:
    "Nothing reopens a stream. Commands to it are answered 410 from then on, by servers that run as well; reads and\n" +
    "consumers go on. Closed twice is closed once.",
  run: Effect.fnUntraced(function* (input) {
    const name = input.option("STREAM")!
    const stream = streamOf(name)
    if (stream === undefined) return yield* wrong("STREAM is not Tenant/Aggregate/id")
    const [dry, seen] = [input.option("dry-run") !== undefined, input.option("seen") ?? ""]
    if (seen !== "" && seen !== "any" && !versionPattern.test(seen)) {
      return yield* wrong("--seen is neither a version nor `any`")
    }
    // Whoever ends something for good says what was seen of it.
    if (!dry && seen === "") return yield* wrong("--seen is missing: the version that --dry-run shows, or `any`")
    const look = Effect.gen(function* () {
      const head = yield* (yield* EventStore).head(stream)
      if (head.version === 0) return yield* new Close.StreamAbsent()
      return { head, already: head.closed }
    })
    const asked = dry ? look : Close.close(stream, seen === "any" ? undefined : Number(seen))
    const { already, head: { closed, version } } = yield* asked.pipe(
      Effect.provide(open(input)),
      Effect.mapError((error) => saidOf(error, name, seen)),
    )
    const text = already
      ? `${name} is closed, since version ${version}`
      : dry
      ? `${name} is at version ${version} and would be closed; nothing was changed`
      : `closed ${name} at version ${version}`
    yield* input.print(text, { ...stream, version, closed, dryRun: dry, already })
    return 0
  }),
})
