/**
 * Reads the body of a command as a stream, with a bound in bytes and in time; `Content-Length` is not believed.
 * @module
 */
import { Effect } from "effect"
import type { Limits } from "../core/Limits.ts"
import { concat } from "../runtime/bytes.ts"
import { type JsonLimits, read } from "./json.ts"
import type { EdgeRequest } from "./route.ts"
import { BodyTimeout, BodyTooLarge, JsonInvalid, UnsupportedMediaType } from "./refusals.ts"

export type BodyLimits = JsonLimits & Pick<Limits, "bodyBytes" | "bodyTimeoutMs">
export type BodyRefusal = BodyTooLarge | BodyTimeout | JsonInvalid | UnsupportedMediaType

/** `application/json`, at most with `charset=utf-8`: JSON has no other encoding. */
const mediaType = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const gone = new JsonInvalid({ pointer: "", rule: "Expected a whole body" })

/** Asks the headers alone, before a byte is read. */
export const isJson = ({ headers }: EdgeRequest): boolean =>
  mediaType.test(headers.get("content-type") ?? "") && headers.get("content-encoding") === null

const bytesOf = (
  request: EdgeRequest,
  { bodyBytes, bodyTimeoutMs }: BodyLimits,
): Effect.Effect<Uint8Array, BodyRefusal> =>
  Effect.callback((resume) => {
    const reader = request.body?.getReader()
    if (reader === undefined) return resume(Effect.succeed(new Uint8Array(0)))
    const parts: Array<Uint8Array> = []
    let length = 0
    const stop = (answer: Effect.Effect<Uint8Array, BodyRefusal>) => {
      clearTimeout(timer)
      resume(answer)
    }
    const refuse = (refusal: BodyRefusal) => {
      stop(Effect.fail(refusal))
      // A source that fails to stop has nobody left to hear of it.
      reader.cancel().catch(() => {})
    }
    const timer = setTimeout(() => refuse(new BodyTimeout()), bodyTimeoutMs)
    const next = (): void =>
      void reader.read().then(({ done, value }) => {
        if (done || value === undefined) return stop(Effect.succeed(concat(parts, length)))
        length += value.length
        if (length > bodyBytes) return refuse(new BodyTooLarge({ maxBytes: bodyBytes }))
        parts.push(value)
        next()
      }, () => stop(Effect.fail(gone)))
    next()
  })

const parse = (bytes: Uint8Array, limits: BodyLimits): Effect.Effect<unknown, JsonInvalid> => {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return Effect.fail(new JsonInvalid({ pointer: "", rule: "Expected UTF-8" }))
  }
  return Effect.fromResult(read(text, limits))
}

/** The JSON value of a request's body. */
export const json = (request: EdgeRequest, limits: BodyLimits): Effect.Effect<unknown, BodyRefusal> =>
  Effect.flatMap(bytesOf(request, limits), (bytes) => parse(bytes, limits))
