/**
 * A process of one role over boxes, each filling of which is a core event and a secondary one; its consumer writes down what
 * it handled in the folder of the data, and refuses what is bad until a file there says that it was mended.
 * @module
 */
import { Effect, Schema } from "effect"
import { appendFileSync, existsSync } from "node:fs"
import { join } from "node:path"
import * as Aggregate from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"
import * as Consumer from "../../core/Consumer.ts"
import { accept } from "../../core/Decision.ts"
import { serve } from "../../edge/deno.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"

class Fill extends Command("Fill", {}) {}
class Filled extends Event.v1("Filled", {}) {}
class Mailed extends Event.v1("Mailed", {}).secondary {}
class Box extends Contract.make("Box", { commands: [Fill], events: [Filled, Mailed] }) {}
class MailServerRefused extends Schema.TaggedError<MailServerRefused>()("MailServerRefused", {}) {}

const BoxAggregate = Aggregate.make(Box, Schema.Struct({ fills: Schema.Int }), { fills: 0 })
  .decide({ Fill: () => accept(new Filled({}), new Mailed({})) })
  .evolve({ Filled: ({ fills }) => ({ fills: fills + 1 }), Mailed: (state) => state })

const folder = Deno.env.get("NEXUS_DATA")!
const book = join(folder, `handled by ${Deno.args[Deno.args.indexOf("--role") + 1]}`)
const mailer = Consumer.make("mailer", {
  contract: Box,
  events: ["Filled", "Mailed"],
  from: "beginning",
  onError: "park",
  handler: (_event, { id, type, version }) =>
    Effect.suspend(() => {
      if (id === "bad" && !existsSync(join(folder, "mended"))) return Effect.fail(new MailServerRefused())
      return Effect.sync(() => appendFileSync(book, `${id}@${version} ${type}\n`))
    }),
})

await serve(App.make("boxes", { aggregates: [BoxAggregate], consumers: [mailer] }))
