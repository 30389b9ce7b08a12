/**
 * `nexus inspect`: a stream's events and what each did to the state, the state at a version, or two states compared.
 * @module
 */
import { Effect, type Layer, Result } from "effect"
import { EventStore } from "../core/EventStore.ts"
import { defaults } from "../core/Limits.ts"
import { idPattern, type StreamKey } from "../core/Stream.ts"
import * as Inspect from "../runtime/Inspect.ts"
import { bare, changeLine, colored, type Paint, plain, value } from "./paint.ts"
import { anyStore, application, failed, Failure, type Input, type Verb, wrong } from "./Verb.ts"

export type Open = (input: Input) => Layer.Layer<EventStore, { readonly message: string }>

export const streamOf = (text: string): StreamKey | undefined => {
  const [tenant = "", aggregate = "", id = "", more] = text.split("/")
  return more === undefined && [tenant, aggregate, id].every((part) => idPattern.test(part))
    ? { tenant, aggregate, id }
    : undefined
}

const numberOf = (input: Input, name: string, min: number, fallback: number): Effect.Effect<number, Failure> => {
  const text = input.option(name) ?? String(fallback)
  const number = /^\d{1,15}$/.test(text) ? Number(text) : -1
  return number >= min ? Effect.succeed(number) : wrong(`--${name} is not a whole number from ${min} on`)
}

export const inspect = (open: Open): Verb => ({
  name: "inspect",
  help: "Show a stream's events and what each changed in its state",
  operands: { STREAM: "Tenant/Aggregate/id" },
  options: {
    ...anyStore,
    ...application,
    at: { help: "Show the state at one version instead", value: "VERSION" },
    diff: { help: "Show in what the states at two versions differ instead: 3..7", value: "FROM..TO" },
    from: { help: "The first version to show", value: "VERSION", default: "1" },
    limit: { help: `How many events, at most ${defaults.page}`, value: "COUNT", default: "50" },
    raw: { help: "Do without the application: events as they are stored, no state" },
    "show-redacted": { help: "Show the values of redacted fields too" },
  },
  notes: "Redacted fields show as [redacted] in payloads and states, and so does what no contract explains\n" +
    "(all payloads with --raw); --show-redacted shows everything that is stored.",
  run: Effect.fnUntraced(function* (input) {
    const stream = streamOf(input.option("STREAM")!)
    if (stream === undefined) return yield* wrong("STREAM is not Tenant/Aggregate/id")
    const from = yield* numberOf(input, "from", 1, 1)
    const limit = Math.min(yield* numberOf(input, "limit", 1, 50), defaults.page)
    const [, low, high] = /^(\d{1,15})\.\.(\d{1,15})$/.exec(input.option("diff") ?? "0..0") ?? []
    if (low === undefined) return yield* wrong("--diff is not FROM..TO, such as 3..7")
    const raw = input.option("raw") !== undefined
    const app = raw ? undefined : yield* input.app
    const aggregate = app?.aggregates[stream.aggregate]
    if (app !== undefined && aggregate === undefined) {
      return yield* failed(`the application has no aggregate ${stream.aggregate}: --raw does without`)
    }
    const view = Inspect.make({ aggregate, showRedacted: input.option("show-redacted") !== undefined })
    const paint = input.color ? colored : plain

    const program = Effect.gen(function* () {
      const head = yield* Effect.flatMap(EventStore, (store) => store.head(stream))
      if (head.version === 0) return yield* failed(`${input.option("STREAM")} holds no event`)
      const reached = (version: number) =>
        version <= head.version ? Effect.void : failed(`the stream has ${head.version} versions, not ${version}`)
      const stateAt = Effect.fnUntraced(function* (version: number) {
        yield* reached(version)
        const there = yield* view.walk(stream, Infinity, version, () => {})
        return Result.isSuccess(there)
          ? there.success.state
          : yield* failed(`no state at version ${version}: ${there.failure}`)
      })
      if (input.option("at") !== undefined) {
        const version = yield* numberOf(input, "at", 0, 0)
        const state = view.shown((yield* stateAt(version)).json)
        return yield* input.print(JSON.stringify(state, null, 2), { ...stream, version, state })
      }
      if (input.option("diff") !== undefined) {
        const [a, b] = [yield* stateAt(Number(low)), yield* stateAt(Number(high))]
        const changes = view.difference(a, b)
        const text = changes.length === 0 ? "no difference" : changes.map((one) => changeLine(one, paint)).join("\n")
        return yield* input.print(text, { ...stream, from: Number(low), to: Number(high), changes })
      }
      yield* reached(from)
      const steps: Array<Inspect.Step> = []
      const last = Math.min(head.version, from + limit - 1)
      yield* view.walk(stream, from, last, (step) => void steps.push(step))
      const next = last < head.version ? last + 1 : undefined
      const more = next === undefined ? [] : [paint.dim(`${head.version - last} more events: --from ${next}`)]
      const text = [...steps.map((step) => stepText(step, paint)), ...more].join("\n")
      return yield* input.print(text, { ...stream, head: head.version, events: steps, next })
    })
    yield* program.pipe(
      Effect.provide(open(input)),
      Effect.mapError((error) =>
        error instanceof Failure ? error : failed(
          "_tag" in error && error._tag === "StoreUnavailable"
            ? `the store cannot be read: ${error.reason}`
            : error.message,
        )
      ),
    )
    return 0
  }),
})

const stepText = (step: Inspect.Step, paint: Paint): string => {
  const { commandId, principal, recordedAt, schemaVersion, type, version } = step
  const when = new Date(recordedAt).toISOString()
  const changes = step.changes?.map((change) => `  ${changeLine(change, paint)}`) ?? []
  const told = step.changes?.length === 0 ? [paint.dim("  changes nothing")] : changes
  return [
    `${paint.strong(`${version} ${bare(type)}`)} ${
      paint.dim(`v${schemaVersion} ${when} ${commandId} by ${value(principal)}`)
    }`,
    `  ${value(step.payload)}`,
    ...told,
    ...(step.problem === undefined ? [] : [paint.removed(`  ! ${step.problem}; no state from here on`)]),
  ].join("\n")
}
