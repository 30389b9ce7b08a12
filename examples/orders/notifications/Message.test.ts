import { assert, describe, it } from "@effect/vitest"
import { aggregateLaws, spec } from "nexus-actors/testing"
import { runLaws } from "nexus-actors/testing/vitest"
import { MessageAggregate } from "./Message.ts"
import * as M from "./Message.contract.ts"

const mail = { to: "a@example.org", subject: "Your order" }
const written = new M.MessageWritten(mail)
const sent = new M.MessageSent()
const message = spec(MessageAggregate)

describe("a message", () => {
  it("is written once", () => {
    message.when(new M.WriteMessage(mail)).then(written).state({ status: "written" })
    message.given(written).when(new M.WriteMessage(mail)).rejects(new M.AlreadyWritten())
  })
  it("is sent after it was written, on the best-effort path", () => {
    message.given(written).when(new M.ConfirmSent()).then(sent).state({ status: "sent" })
    message.given(written, sent).when(new M.ConfirmSent()).then()
    message.when(new M.ConfirmSent()).rejects(new M.NotWritten())
    assert.strictEqual(M.MessageSent.route, "secondary")
  })
})

describe("the laws of an aggregate", () => runLaws(aggregateLaws(MessageAggregate)))
