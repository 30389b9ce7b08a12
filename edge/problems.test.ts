/**
 * The table of problems is whole, agrees with its page, and keeps out of the way of RFC 9457.
 * @module
 */
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import * as ActorError from "../core/ActorError.ts"
import * as Aggregate from "../core/Aggregate.ts"
import { accept } from "../core/Decision.ts"
import * as App from "../core/App.ts"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { type AnyRejection, Rejection } from "../schemas/Rejection.ts"
import { checkRejections } from "./checkRejections.ts"
import { kebab, table } from "./problems.ts"
import * as refusals from "./refusals.ts"

const page = readFileSync("docs/problems.md", "utf8")
/** A slug that two errors have, one with each status, has one heading. */
const headings = [...page.matchAll(/^### (.+)\n(\d{3})(?: or (\d{3}))?\./gm)].flatMap(([, slug, ...statuses]) =>
  statuses.filter((status) => status !== undefined).map((status) => `${slug} ${status}`)
)

/** An application with one command that may be refused so. */
const refusing = (...rejections: ReadonlyArray<AnyRejection>) => {
  class Go extends Command("Go", {}, rejections) {}
  class Thing extends Contract.make("Thing", { commands: [Go], events: [] }) {}
  const aggregate = Aggregate.make(Thing, Schema.Struct({}), {}).decide({ Go: () => accept() }).evolve({})
  return App.make("app", { aggregates: [aggregate] })
}

describe("the table of problems", () => {
  it("has one heading in docs/problems.md for each slug, with its status, and no other", () => {
    assert.sameMembers(headings, table.map(({ slug, status }) => `${slug} ${status}`))
    assert.strictEqual(new Set(headings).size, headings.length)
  })

  it("has a row for every error an actor or the edge can answer", () => {
    const classes = [...Object.values(ActorError), ...Object.values(refusals)] as ReadonlyArray<unknown>
    const tags = classes.map((one) => (one as { identifier?: string }).identifier).filter((one) => one !== undefined)
    assert.sameMembers(table.map(({ tag }) => tag), tags)
  })

  it("names no member that RFC 9457 defines", () => {
    for (const { members, tag } of table) {
      for (const name of ["type", "title", "status", "detail", "instance"]) assert.notProperty(members, name, tag)
    }
  })

  it("asks for patience in every 429 and 503", () => {
    for (const { members, status, tag } of table) {
      assert.strictEqual("retryAfterSeconds" in members, status === 429 || status === 503, tag)
    }
  })
})

describe("kebab()", () => {
  it("parts words and leaves acronyms whole", () => {
    assert.deepStrictEqual(["NotPlaced", "A", "HTTPDown", "V2Rejected", "OutOfStock1"].map(kebab), [
      ...["not-placed", "a", "http-down", "v2-rejected", "out-of-stock1"],
    ])
  })
})

describe("checkRejections()", () => {
  it("stops an application whose rejections would be mistaken for each other, or for a problem of Nexus", () => {
    class Fine extends Rejection("Fine") {}
    class NotFound extends Rejection("NotFound") {}
    class AB extends Rejection("AB") {}
    class Ab extends Rejection("Ab") {}
    class Typed extends Rejection("Typed", { status: Schema.String }) {}
    class Named extends Rejection("Named", { rejection: Schema.String }) {}
    assert.doesNotThrow(() => checkRejections(refusing(Fine, AB)))
    assert.throws(() => checkRejections(refusing(NotFound)), /NotFound has the problem type of a problem of Nexus/)
    assert.throws(() => checkRejections(refusing(AB, Ab)), /Ab has the problem type of AB/)
    assert.throws(() => checkRejections(refusing(Typed)), /Typed has a field "status"/)
    assert.throws(() => checkRejections(refusing(Named)), /Named has a field "rejection"/)
  })
})
