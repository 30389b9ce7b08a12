/**
 * The route of each command: headers and body in, the receipt out.
 * @module
 */
import { Clock, Effect, Schema } from "effect"
import { Actors } from "../core/Actors.ts"
import type { App } from "../core/App.ts"
import type { Limits } from "../core/Limits.ts"
import { Id } from "../core/Stream.ts"
import { elapsedMs } from "../runtime/Host.ts"
import type { AnyCommand } from "../schemas/Command.ts"
import * as answers from "./answers.ts"
import * as body from "./body.ts"
import * as rate from "./rate.ts"
import { HeaderInvalid, RateLimited, UnsupportedMediaType } from "./refusals.ts"
import { type Call, type EdgeRequest, ok, type Operation, type Route } from "./route.ts"

const slow = new RateLimited({ retryAfterSeconds: 1 })
const version = /^"(0|[1-9]\d{0,15})"$/u
const milliseconds = /^\d{1,15}$/u

/** The number in a header, by a pattern whose last group holds it. */
const numberIn = (
  request: EdgeRequest,
  header: string,
  pattern: RegExp,
  rule: string,
): Effect.Effect<number | undefined, HeaderInvalid> => {
  const text = request.headers.get(header)
  if (text === null) return Effect.succeed(undefined)
  const found = pattern.exec(text)?.at(-1)
  return found === undefined ? Effect.fail(new HeaderInvalid({ header, rule })) : Effect.succeed(Number(found))
}

const operation = (aggregate: string, command: AnyCommand): Operation => ({
  operationId: `${aggregate}.${command.tag}`,
  summary: `Sends ${command.tag} to one ${aggregate}`,
  parameters: [
    { name: "id", in: "path", description: `Of the ${aggregate}; the first command makes it.`, schema: Id },
    {
      name: "Idempotency-Key",
      in: "header",
      description: "The command id. The same key gives the same answer, byte for byte; without it one is generated.",
      schema: Id,
    },
    {
      name: "If-Match",
      in: "header",
      description: "The version, in quotes, that the instance must be at; 412 otherwise.",
      schema: Schema.String.pipe(Schema.check(Schema.isPattern(version))),
    },
    {
      name: "Nexus-Not-After",
      in: "header",
      description: "Milliseconds since 1970: taken up later, the command is refused as expired, for ever.",
      schema: Schema.String.pipe(Schema.check(Schema.isPattern(milliseconds))),
    },
    {
      name: "traceparent",
      in: "header",
      description: "W3C Trace Context; kept with the events.",
      schema: Schema.String,
    },
  ],
  command,
  errors: [
    ...["InvalidId", "HeaderInvalid", "JsonInvalid", "RateLimited", "UnsupportedMediaType", "BodyTooLarge"],
    ...["BodyTimeout", "CommandInvalid", "KeyReused", "VersionMismatch", "Expired", "StreamClosed", "EventInvalid"],
    ...["EventTooLarge", "TooManyEvents", "ActorDefect", "MailboxFull", "ActorUnavailable", "Contended", "Unavailable"],
    ...["NewerEvent", "OutcomeUnknown", "SchemaNotRegistered", "RegistryUnavailable"],
  ],
  ok: {
    description: "Accepted and durable.",
    mediaType: "application/json",
    schema: answers.CommandAnswer(aggregate),
    etag: true,
  },
})

export const routes = (app: App, limits: Limits): ReadonlyArray<Route> => {
  const take = rate.make(limits.commandsPerSecond, limits.rateBuckets)

  const send = (aggregate: string, command: string) =>
    Effect.fnUntraced(function* ({ commandId, id, principal, request }: Call) {
      const now = elapsedMs(yield* Clock.Clock)
      if (!take(`${principal.tenant}/${principal.subject}`, now)) return yield* slow
      if (!body.isJson(request)) return yield* new UnsupportedMediaType()
      const ifMatch = yield* numberIn(request, "If-Match", version, "Expected a version in double quotes")
      const notAfter = yield* numberIn(request, "Nexus-Not-After", milliseconds, "Expected whole milliseconds")
      const payload = yield* body.json(request, limits)
      const actors = yield* Actors
      const receipt = yield* actors.send({ principal, aggregate, id, command, payload, commandId, ifMatch, notAfter })
      return ok(answers.receipt(receipt), receipt.version)
    })

  return Object.values(app.aggregates).flatMap(({ contract: { aggregate, commands } }) =>
    Object.values(commands).map((command): Route => ({
      method: "POST",
      path: `/v1/${aggregate}/:id/commands/${command.tag}`,
      scopes: [`commands:${aggregate}`, "commands:*"],
      asks: { action: "command", aggregate, type: command.tag },
      operation: operation(aggregate, command),
      handle: send(aggregate, command.tag),
    }))
  )
}
