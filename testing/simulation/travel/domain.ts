/**
 * The small application whose events travel in the simulation: parcels, what consumers do about them, and a tally that one
 * of them commands.
 * @module
 */
import { Effect, Schema } from "effect"
import * as Aggregate from "../../../core/Aggregate.ts"
import * as App from "../../../core/App.ts"
import * as CommandBus from "../../../core/CommandBus.ts"
import * as Consumer from "../../../core/Consumer.ts"
import { accept } from "../../../core/Decision.ts"
import { Command } from "../../../schemas/Command.ts"
import * as Contract from "../../../schemas/Contract.ts"
import { Event } from "../../../schemas/Event.ts"

const fields = { of: Schema.String }
export class Packed extends Event.v1("Packed", fields) {}
export class Moved extends Event.v1("Moved", fields) {}
/** Its schema may be registered only in the middle of a run. */
export class Lent extends Event.v1("Lent", fields) {}
export class Waved extends Event.v1("Waved", fields).secondary {}
/** Thought of by the newer release. */
export class Sold extends Event.v1("Sold", fields).secondary {}
export class Parcel extends Contract.make("Parcel", { commands: [], events: [Packed, Moved, Lent, Waved, Sold] }) {}
const OlderParcel = Contract.make("Parcel", { commands: [], events: [Packed, Moved, Lent, Waved] })
export const isSecondary = (type: string): boolean => Contract.routeOf(Parcel, type) === "secondary"

class Count extends Command("Count", fields) {}
class Counted extends Event.v1("Counted", fields) {}
export class Tally extends Contract.make("Tally", { commands: [Count], events: [Counted] }) {}

const same = <S>(state: S): S => state
const older = { Packed: same, Moved: same, Lent: same, Waved: same }
const OlderParcelAggregate = Aggregate.make(OlderParcel, Schema.Struct({}), {}).decide({}).evolve(older)
const ParcelAggregate = Aggregate.make(Parcel, Schema.Struct({}), {}).decide({}).evolve({ ...older, Sold: same })
const TallyAggregate = Aggregate.make(Tally, Schema.Struct({ count: Schema.Int }), { count: 0 })
  .decide({ Count: (_, { of }) => accept(new Counted({ of })) })
  .evolve({ Counted: ({ count }) => ({ count: count + 1 }) })

/** The consumer that begins now: before anything is stored, whatever the clocks say. */
export const fromNow = "watcher"

type Tag = Consumer.EventTag<typeof Parcel>

/** What a handler does with an event, whoever it belongs to. */
export type Handle = (of: string, about: Consumer.About) => Effect.Effect<void, unknown, Consumer.Services>

/**
 * The consumers of a release; the newer one has two more, which begin at the beginning of everything, and one of its old
 * ones hears of what the older release does not know.
 */
const consumersOf = (handle: Handle, isNewer: boolean): ReadonlyArray<Consumer.Any> => {
  const contract = (isNewer ? Parcel : OlderParcel) as typeof Parcel
  const parcels = (
    name: string,
    onError: Consumer.OnError,
    events: ReadonlyArray<Tag>,
    from: "beginning" | "now" = "beginning",
  ) =>
    Consumer.make<typeof Parcel, Tag>(name, {
      ...{ contract, events, from, onError, handler: ({ of }, about) => handle(of, about) },
    })
  return [
    parcels("ledger", "retry", ["Packed", "Moved", "Lent"]),
    parcels("gossip", "skip", ["Moved", "Waved"]),
    parcels(fromNow, "park", ["Packed", "Moved", "Waved"], "now"),
    Consumer.make<typeof Parcel, Tag>("clerk", {
      ...{ contract, from: "beginning", onError: "park", scopes: ["commands:Tally"] },
      handler: ({ of }, about) =>
        about.type === "Packed"
          ? Effect.andThen(CommandBus.tell(Tally, tallyOf(about.id), about).Count({ of }), handle(of, about))
          : handle(of, about),
    }),
    ...isNewer ? [parcels("joiner", "park", ["Packed", "Waved"]), parcels("seller", "park", ["Sold"])] : [],
  ]
}
const tallyOf = (parcel: string): string => `of-${parcel}`

export const appOf = (handle: Handle, isNewer: boolean): App.App =>
  App.make("travelling", {
    aggregates: [isNewer ? ParcelAggregate : OlderParcelAggregate, TallyAggregate],
    consumers: consumersOf(handle, isNewer),
  })
/** For who only asks what is declared. */
export const app: App.App = appOf(() => Effect.void, true)
export const olderApp: App.App = appOf(() => Effect.void, false)
