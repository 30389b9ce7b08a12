/**
 * One HTTP exchange with a service elsewhere, bounded in what the other side could do to us: it follows no redirect, reads
 * so many bytes and no more, and takes nothing for JSON that is not.
 *
 * Time is the caller's: an aborted signal ends it wherever it is.
 * @module
 */
import { concat } from "./bytes.ts"

/** Why there is no answer that could be used, in kebab case; never a part of what came. */
export class Unusable extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}

export interface Question {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array<ArrayBuffer>
}

const read = async ({ body, headers }: Response, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> => {
  const chunks: Array<Uint8Array> = []
  const reader = body?.getReader()
  let length = 0
  try {
    if (Number(headers.get("content-length")) > bytesMax) throw new Unusable("too-large")
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      length += next.value.length
      if (length > bytesMax) throw new Unusable("too-large")
      chunks.push(next.value)
    }
  } catch (error) {
    // What is left is not read: whoever pours without end is cut off.
    reader?.cancel().catch(() => {})
    throw error instanceof Unusable ? error : new Unusable("cut")
  }
  return concat(chunks, length)
}

/** What is left of an answer is not read. */
const leave = ({ body }: Response, reason: string): Unusable => {
  body?.cancel().catch(() => {})
  return new Unusable(reason)
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false })
const textOf = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Unusable("not-json")
  }
}

type Fetch = typeof globalThis.fetch

const ask = async (fetch: Fetch, { body, headers, method, url }: Question, signal: AbortSignal): Promise<Response> => {
  const response = await fetch(url, {
    ...{ method, headers: { ...headers }, redirect: "manual", signal },
    ...body === undefined ? {} : { body },
  }).catch(() => {
    throw new Unusable("unreachable")
  })
  // A browser's platform hides the status of a redirect that it did not follow.
  if (`${response.type}` === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    throw leave(response, "redirected")
  }
  return response
}

/** Rejects with `Unusable` alone. `fetch` is the platform's. */
export const exchange = async (
  fetch: Fetch,
  question: Question,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Answer> => {
  const response = await ask(fetch, question, signal)
  const bytes = await read(response, bytesMax)
  return { status: response.status, headers: Object.fromEntries(response.headers), bytes }
}

/** The text of a 200; of any other answer nothing is read. Rejects with `Unusable` alone. */
export const fetchText = async (
  fetch: Fetch,
  question: Question,
  bytesMax: number,
  signal: AbortSignal,
): Promise<string> => {
  const response = await ask(fetch, question, signal)
  if (response.status !== 200) throw leave(response, `status ${response.status}`)
  return textOf(await read(response, bytesMax))
}

/** AWS names its JSON in a way of its own. */
const isJson = /^application\/(([\w.-]+\+)?json|x-amz-json-1\.[01])\s*(;|$)/i

/** Whether no value of a JSON text lies deeper; brackets within strings do not count. */
export const isWithin = (text: string, depthMax: number): boolean => {
  let [depth, isText] = [0, false]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isText) {
      if (code === 0x5c) i++
      else if (code === 0x22) isText = false
    } else if (code === 0x22) isText = true
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > depthMax) return false
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return true
}

/** Of a text; throws `Unusable`. */
export const parse = (text: string, depthMax: number): unknown => {
  if (!isWithin(text, depthMax)) throw new Unusable("too-deep")
  try {
    return JSON.parse(text)
  } catch {
    throw new Unusable("not-json")
  }
}

/** Of an answer that says it is JSON, and is; throws `Unusable`. */
export const json = ({ bytes, headers }: Answer, depthMax: number): unknown => {
  if (!isJson.test(headers["content-type"] ?? "")) throw new Unusable("not-json")
  return parse(textOf(bytes), depthMax)
}
