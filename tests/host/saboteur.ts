/**
 * One release of a counter for every place where code of the user may throw or give nothing, and what each must do.
 * @module
 */
import { Effect, Result, Schema, SchemaGetter } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"
import { accept } from "../../core/Decision.ts"
import * as Snapshot from "../../core/Snapshot.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { Rejection } from "../../schemas/Rejection.ts"

/** The number that breaks everything. */
export const bad = 13

const refuse = (n: number): number => {
  if (n === bad) throw new TypeError("secret-payload")
  return n
}
const same = (n: number): number => n
/** An integer whose code throws where it is decoded or encoded. */
export const throwing = (where: "decode" | "encode") =>
  Schema.Int.pipe(Schema.decodeTo(Schema.Int, {
    decode: SchemaGetter.transform(where === "decode" ? refuse : same),
    encode: SchemaGetter.transform(where === "encode" ? refuse : same),
  }))
/** An integer that is looked up, which no codec waits for. */
const waiting = Schema.Int.pipe(Schema.decodeTo(Schema.Int, {
  decode: SchemaGetter.transformEffect((n: number) =>
    n === bad ? Effect.promise(() => Promise.resolve(n)) : Effect.succeed(n)
  ),
  encode: SchemaGetter.transform(same),
}))

const Plain = Event.v1("Added", { n: Schema.Int })
const Add = Command("Add", { n: Schema.Int })

interface Changed {
  readonly command?: Contract.Any["commands"][string]
  readonly event?: Contract.Any["events"][string]
  readonly total?: Schema.Codec<number, unknown>
  readonly decide?: (n: number) => unknown
  readonly evolve?: (total: number, n: number) => unknown
  readonly rule?: Snapshot.Policy
}

/** Code without types, as JavaScript would have it. */
export const app = (
  { command = Add, decide, event = Plain, evolve, rule, total = Schema.Int }: Changed = {},
): App.App => {
  const contract = Contract.make("Counter", { commands: [command], events: [event] }) as Contract.Any
  const aggregate = Aggregate.make(contract, Schema.Struct({ total }), { total: 0 })
    .decide(
      {
        Add: (_: unknown, { n }: { readonly n: number }) =>
          n === bad && decide !== undefined ? decide(n) : accept({ _tag: "Added", n }),
      } as never,
    )
    .evolve(
      {
        Added: (state: { readonly total: number }, { n }: { readonly n: number }) =>
          evolve === undefined ? { total: state.total + n } : evolve(state.total, n),
      } as never,
      rule ?? Snapshot.policy({ everyEvents: 1_000 }),
    )
  return App.make("counters", { aggregates: [aggregate as never] })
}

class Bad extends Rejection("Bad", { at: throwing("encode") }, 409) {}

/** Where the code of a release fails on a command with the bad number. */
export const deciding: { readonly [what: string]: App.App } = {
  "decide throws what is no error": app({
    decide: () => {
      throw "secret-payload"
    },
  }),
  "decide gives nothing": app({ decide: () => undefined }),
  "decide gives a promise": app({ decide: (n) => Promise.resolve(accept({ _tag: "Added", n })) }),
  "decide accepts nothing at all": app({ decide: () => Result.succeed(undefined) }),
  "decide accepts an event that is null": app({ decide: () => Result.succeed([null]) }),
  "decide accepts what throws when it is looked at": app({
    decide: () =>
      accept({
        _tag: "Added",
        get n() {
          return refuse(bad)
        },
      }),
  }),
  "decide rejects with nothing": app({ decide: () => Result.fail(null) }),
  "the schema of an event throws": app({ event: Event.v1("Added", { n: throwing("encode") }) }),
  "the schema of a rejection throws": app({
    command: Command("Add", { n: Schema.Int }, [Bad]),
    decide: () => Result.fail(new Bad({ at: bad })),
  }),
  "evolve throws": app({ evolve: (total, n) => ({ total: total + refuse(n) }) }),
  "the schema of a command throws": app({ command: Command("Add", { n: throwing("decode") }) }),
  "the schema of a command waits": app({ command: Command("Add", { n: waiting }) }),
}

const next = (upcast: (n: number) => unknown) =>
  Plain.v2(
    { n: Schema.Int, twice: Schema.optionalKey(Schema.Int) },
    ({ n }: { readonly n: number }) => upcast(n) as never,
  )

/** Where the code of a release fails on a stream that holds the bad number. */
export const loading: { readonly [what: string]: App.App } = {
  "an upcaster throws": app({ event: next((n) => ({ n: refuse(n), twice: 2 * n })) }),
  "an upcaster gives nothing": app({ event: next((n) => n === bad ? undefined : { n, twice: 2 * n }) }),
  "the schema of a stored event throws": app({ event: Event.v1("Added", { n: throwing("decode") }) }),
  "the schema of a stored event waits": app({ event: Event.v1("Added", { n: waiting }) }),
  "evolve throws on what is stored": app({ evolve: (total, n) => ({ total: total + refuse(n) }) }),
}

/** States with the bad number cannot be told; `decode`: not be read back. Of each event there is a snapshot. */
export const untold = app({ total: throwing("encode"), rule: Snapshot.policy({ everyEvents: 1 }) })
export const unread = app({ total: throwing("decode"), rule: Snapshot.policy({ everyEvents: 1 }) })
