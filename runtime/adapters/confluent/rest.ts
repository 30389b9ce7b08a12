/**
 * One call of Confluent's REST API: what was said in its words, an error of its own, or nothing that could be used.
 * @module
 */
import { Effect, Option, Schedule, Schema } from "effect"
import { RegistryUnavailable } from "../../../core/SchemaRegistry.ts"
import { type Answer, exchange, json } from "../../exchange.ts"
import { depthMax, fromUnusable, unavailable } from "../../RemoteRegistry.ts"

export interface Settings {
  /** Without a slash at its end; `/subjects` comes behind it. */
  readonly url: string
  /** The whole header: `Basic …` or `Bearer …`. It appears in no log and no error. */
  readonly authorization?: string
}

/** It understood, and says no: `code` is the API's own, 40401 for a subject that is not there. */
export class Failed extends Schema.TaggedError<Failed>()("Failed", { code: Schema.Int, message: Schema.String }) {}

export type Call = (
  method: "GET" | "POST" | "PUT",
  /** Each is escaped. */
  path: ReadonlyArray<string>,
  body?: object,
) => Effect.Effect<unknown, Failed | RegistryUnavailable>

const errorOf = Schema.decodeUnknownOption(Schema.Struct({ error_code: Schema.Int, message: Schema.String }))

/** A moment later it may be well: cut lines, engines that restart, and being asked for less. */
const isPassing = (error: RegistryUnavailable | Failed): boolean =>
  error._tag === "RegistryUnavailable" && /^(unreachable|cut|status 429|status 50[0234])$/.test(error.reason)
/** Every call may be repeated: what was registered or set already stays as it is. */
const retries = { times: 2, schedule: Schedule.jittered(Schedule.exponential("50 millis")), while: isPassing }

const waitMax = 300

const retryAfter = (header: string | undefined): number => {
  const seconds = Number(header)
  return seconds >= 1 && seconds <= waitMax ? Math.ceil(seconds) : 1
}

const bodyOf = (answer: Answer): Effect.Effect<unknown, Failed | RegistryUnavailable> => {
  const { headers, status } = answer
  if (status === 401 || status === 403) return Effect.fail(unavailable("not let in"))
  if (status >= 500 || status === 429) {
    return Effect.fail(unavailable(`status ${status}`, retryAfter(headers["retry-after"])))
  }
  return Effect.flatMap(
    Effect.try({ try: () => json(answer, depthMax), catch: fromUnusable }),
    (body): Effect.Effect<unknown, Failed | RegistryUnavailable> => {
      if (status === 200) return Effect.succeed(body)
      // A 404 counts only in the API's words: a wrong path, or a proxy, says the same.
      return Option.match(errorOf(body), {
        onNone: () => Effect.fail(unavailable(`status ${status}`)),
        onSome: ({ error_code: code, message }) => Effect.fail(new Failed({ code, message })),
      })
    },
  )
}

export const make = (
  { authorization, url: base }: Settings,
  fetch: typeof globalThis.fetch,
  bytesMax: number,
): Call => {
  const headers = {
    accept: "application/vnd.schemaregistry.v1+json, application/json",
    "content-type": "application/vnd.schemaregistry.v1+json",
    ...authorization === undefined ? {} : { authorization },
  }
  return (method, path, body) => {
    const url = [base, ...path.map(encodeURIComponent)].join("/")
    const question = { method, url, headers, ...body === undefined ? {} : { body: JSON.stringify(body) } }
    return Effect.tryPromise({
      try: (signal) => exchange(fetch, question, bytesMax, signal),
      catch: fromUnusable,
    }).pipe(Effect.flatMap(bodyOf), Effect.retry(retries))
  }
}
