/**
 * From the text of a message to what the client wants, or to the refusal that says which place to mend.
 * @module
 */
import { Result, Schema } from "effect"
import type { App } from "../../core/App.ts"
import { tombstone } from "../../core/EventStore.ts"
import type { Limits } from "../../core/Limits.ts"
import { idPattern } from "../../core/Stream.ts"
import * as Issue from "../../schemas/Issue.ts"
import * as json from "../json.ts"
import { type JsonInvalid, MessageInvalid } from "../refusals.ts"
import { Subscribe, Unsubscribe } from "./frames.ts"

export type Message = Subscribe | Unsubscribe

export interface Refused {
  /** Where the message named one that can be repeated. */
  readonly subscription: string | undefined
  readonly failure: JsonInvalid | MessageInvalid
}

/** Reads messages for an application. */
export type Read = (text: string) => Result.Result<Message, Refused>

const closed = { onExcessProperty: "error" } as const
const decoders: Readonly<
  Record<Message["op"], (value: unknown) => Result.Result<Message, Schema.SchemaError>>
> = {
  subscribe: Schema.decodeUnknownResult(Subscribe, closed),
  unsubscribe: Schema.decodeUnknownResult(Unsubscribe, closed),
}

const invalid = (pointer: string, rule: string) => Result.fail(new MessageInvalid({ pointer, rule }))

const decode = (value: unknown): Result.Result<Message, MessageInvalid> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return invalid("", "Expected an object")
  const { op } = value as { readonly op?: unknown }
  if (op !== "subscribe" && op !== "unsubscribe") return invalid("/op", `Expected "subscribe" or "unsubscribe"`)
  return Result.mapError(decoders[op](value), (error) => {
    const { pointer, rule } = Issue.fromSchemaError(error)[0]!
    // A name that the schema does not know comes from outside: it is not repeated at length.
    return new MessageInvalid({ pointer: pointer.slice(0, 256).toWellFormed(), rule })
  })
}

export const reader = (app: App, limits: Limits): Read => {
  const typesOf = new Map(
    Object.values(app.aggregates).map(({ contract }) => [
      contract.aggregate,
      new Set([...Object.keys(contract.events), tombstone.type]),
    ]),
  )
  const everyType = new Set([...typesOf.values()].flatMap((types) => [...types]))

  /** What the schema cannot say. */
  const check = (message: Message): MessageInvalid | undefined => {
    if (message.op === "unsubscribe") return undefined
    const { after, aggregate, ids, types } = message
    const wrong = (pointer: string, rule: string) => new MessageInvalid({ pointer, rule })
    if (aggregate !== undefined && !typesOf.has(aggregate)) {
      return wrong("/aggregate", "Expected an aggregate of the application")
    }
    const known = aggregate === undefined ? everyType : typesOf.get(aggregate)!
    const strange = types?.findIndex((type) => !known.has(type)) ?? -1
    if (strange >= 0) return wrong(`/types/${strange}`, "Expected a type of event that the application has there")
    if (ids === undefined) return undefined
    if (aggregate === undefined) return wrong("/ids", "Expected an aggregate beside the ids")
    if (after !== undefined) return wrong("/after", "Expected no position beside ids: each has its version")
    const names = Object.keys(ids)
    if (names.length === 0 || names.length > limits.idsPerSubscription) {
      return wrong("/ids", `Expected 1 to ${limits.idsPerSubscription} ids`)
    }
    return names.every((id) => idPattern.test(id)) ? undefined : wrong("/ids", "Expected ids that fit the id rule")
  }

  return (text) => {
    const value = json.read(text, limits)
    if (Result.isFailure(value)) return Result.fail({ subscription: undefined, failure: value.failure })
    const { subscription } = (value.success ?? {}) as { readonly subscription?: unknown }
    const named = typeof subscription === "string" && idPattern.test(subscription) ? subscription : undefined
    const message = decode(value.success)
    if (Result.isFailure(message)) return Result.fail({ subscription: named, failure: message.failure })
    const failure = check(message.success)
    return failure === undefined ? Result.succeed(message.success) : Result.fail({ subscription: named, failure })
  }
}
