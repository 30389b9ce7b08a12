/**
 * What clients of accounts were told, held against the tables of DynamoDB.
 * @module
 */
import { Context, Effect, Layer } from "effect"
import { EventStore, type StoredEvent } from "../../core/EventStore.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import { patient, settingsOf } from "../../runtime/adapters/dynamodb/testStore.ts"
import { faults } from "../kill/check.ts"
import * as Ledger from "../kill/Ledger.ts"

export const [tenant, aggregate, command, payload] = ["bank", "Account", "Deposit", { pence: 1 }] as const

/** A deposit that was accepted. */
export interface Acknowledged {
  readonly id: string
  /** The command id that the client chose. */
  readonly given: string | undefined
  /** The receipt, as JSON. */
  readonly text: string
}

/** All events of these accounts, read from the engine itself. */
export const logOf = (endpoint: string, prefix: string, ids: Iterable<string>): Promise<ReadonlyArray<StoredEvent>> =>
  Effect.gen(function* () {
    const store = Context.get(yield* Layer.build(DynamoDB.layer(settingsOf(endpoint, { prefix }))), EventStore)
    const events: Array<StoredEvent> = []
    for (const id of new Set(ids)) {
      for (let after = 0;;) {
        const page = yield* store.read({ tenant, aggregate, id }, after, 500)
        if (page.length === 0) break
        events.push(...page)
        after = page.at(-1)!.version
      }
    }
    return events
  }).pipe(Effect.scoped, Effect.provide(patient), Effect.runPromise)

/** Every difference between what was acknowledged and what is stored, as a sentence. */
export const differences = (
  acknowledged: ReadonlyArray<Acknowledged>,
  log: ReadonlyArray<StoredEvent>,
): ReadonlyArray<string> => {
  const ledger = Ledger.make()
  const storedUnder = new Map(log.map(({ commandId, eventId }) => [eventId, commandId]))
  for (const { given, id, text } of acknowledged) {
    const receipt = JSON.parse(text) as {
      readonly commandId: string
      readonly events: ReadonlyArray<{ readonly eventId: string }>
    }
    // What was repeated after an unknown outcome is stored under the id generated at first, or that of the repeat.
    const commandId = given ?? storedUnder.get(receipt.events[0]?.eventId ?? "") ?? receipt.commandId
    Ledger.close(ledger, Ledger.open(ledger, { commandId, id, command, payload }), { status: 200, text })
  }
  const [told, kept] = [ledger.entries.size, log.length]
  return [
    ...faults(ledger, log),
    ...told === acknowledged.length ? [] : [`${acknowledged.length} acknowledgements for ${told} commands`],
    ...told === kept ? [] : [`${told} deposits were acknowledged, ${kept} are stored`],
  ]
}
