/**
 * How a message decides: written once, then sent.
 * @module
 */
import { accept, Aggregate, reject } from "nexus-actors/core"
import * as M from "./Message.contract.ts"

export const MessageAggregate = Aggregate.make(M.Message, M.MessageState, { status: "blank" })
  .decide({
    WriteMessage: ({ status }, { subject, to }) =>
      status === "blank" ? accept(new M.MessageWritten({ to, subject })) : reject(new M.AlreadyWritten()),
    ConfirmSent: ({ status }) => {
      if (status === "blank") return reject(new M.NotWritten())
      return status === "sent" ? accept() : accept(new M.MessageSent())
    },
  })
  .evolve({
    MessageWritten: () => ({ status: "written" }),
    MessageSent: () => ({ status: "sent" }),
  })
