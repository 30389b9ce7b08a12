/**
 * The served AsyncAPI document is true: every frame of a real socket fits the schema of its message.
 * @module
 */
import { Validator } from "@cfworker/json-schema"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask } from "./client.ts"
import * as Listener from "./Listener.ts"
import { embedded, type Target } from "./Target.ts"

interface Document {
  readonly asyncapi: string
  readonly channels: { readonly stream: { readonly address: string; readonly messages: Record<string, unknown> } }
  readonly operations: Record<string, { readonly action: string; readonly messages: ReadonlyArray<{ $ref: string }> }>
  readonly components: {
    readonly messages: Record<string, { readonly payload: { readonly $ref: string } }>
    readonly schemas: Record<string, object>
  }
}

describe("/asyncapi.json", () => {
  let target: Target
  let document: Document
  beforeAll(async () => {
    target = await embedded()
    document = JSON.parse((await ask(target, "/asyncapi.json")).text) as Document
  })
  afterAll(() => target.close())

  const fits = (message: string, value: unknown): boolean => {
    const { payload } = document.components.messages[message]!
    return new Validator({ ...payload, components: document.components } as object, "7").validate(value).valid
  }
  const namesOf = (action: string) =>
    Object.values(document.operations).filter((one) => one.action === action)
      .flatMap(({ messages }) => messages.map(({ $ref }) => $ref.split("/").at(-1)!))

  it("is one of AsyncAPI 3, whose references lead somewhere", () => {
    assert.deepStrictEqual([document.asyncapi, document.channels.stream.address], ["3.0.0", "/v1/stream"])
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, to]) => to!)
    assert.isAbove(references.length, 10)
    for (const to of references) {
      const found = to.split("/").reduce((at, key) => (at as Record<string, unknown>)?.[key], document as unknown)
      assert.isDefined(found, to)
    }
  })

  it("describes every frame of a real socket, and every message that it takes", async () => {
    const listener = await Listener.open(target, { token: await target.issuer.token("t", "stream") })
    const messages = [
      { op: "subscribe", subscription: "s", aggregate: "Box", ids: { a: 0, b: null } },
      { op: "subscribe", subscription: "all", types: ["ItemPut"], after: "start" },
      { op: "unsubscribe", subscription: "all" },
    ]
    for (const message of messages) {
      assert.isTrue(fits(message.op, message), JSON.stringify(message))
      listener.send(message)
    }
    listener.send({ op: "subscribe", subscription: "s" })
    listener.send("no JSON")
    const token = await target.issuer.token("t", "commands:*")
    await ask(target, "/v1/Box/a/commands/Fill", { token, body: { count: 3, bytes: 10 } })
    await listener.until(() => listener.frames.length >= 6 && listener.events().length === 3, "all frames")
    for (const frame of listener.frames) assert.isTrue(fits(frame.type, frame), JSON.stringify(frame))
    assert.sameMembers([...new Set(listener.frames.map(({ type }) => type))], namesOf("send"))
    assert.sameMembers([...new Set(messages.map(({ op }) => op))], namesOf("receive"))
    await listener.close()
  })

  it("does not describe anything else", () => {
    const event = {
      ...{ aggregate: "Box", id: "a", eventId: "e", version: 1, type: "ItemPut", schemaVersion: 1, recordedAt: 1 },
      ...{ commandId: "c", correlationId: "c", causationId: null, principal: "s", traceparent: null },
      payload: { text: "x", later: 1 },
    }
    const frame = { type: "events", subscription: "s", events: [event], position: "p" }
    assert.isTrue(fits("events", frame))
    assert.isFalse(fits("events", { ...frame, events: [{ ...event, payload: { text: 1 } }] }))
    assert.isFalse(fits("events", { ...frame, events: [{ ...event, more: 1 }] }))
    assert.isFalse(fits("events", { ...frame, events: [] }))
    assert.isFalse(fits("events", { ...frame, more: 1 }))
    assert.isFalse(fits("subscribe", { op: "subscribe" }))
    assert.isFalse(fits("subscribe", { op: "subscribe", subscription: "s", more: 1 }))
  })
})
