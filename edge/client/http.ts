/**
 * One request until its outcome is known: attempts with the same bytes and key, waits between them, all bounded.
 *
 * Repeated is what may do better by itself: no answer, 429, 502, 503, 504, `internal-error`, an answer cut off or
 * a proxy's own from 500 on. Nothing else.
 * @module
 */
import { backoff, type Bounds, retryAfterMs } from "./bounds.ts"
import { failure, NexusError, ofProblem } from "./NexusError.ts"
import { pause, type Platform } from "./Platform.ts"
import type { Tokens } from "./tokens.ts"

export interface Ask {
  readonly method: "GET" | "POST"
  /** With its query. */
  readonly path: string
  readonly headers?: { readonly [name: string]: string }
  readonly body?: string
  /** Makes it a command: its outcome may be unknown. */
  readonly commandId?: string
  readonly signal?: AbortSignal | undefined
}

export interface Http {
  readonly platform: Platform
  readonly bounds: Bounds
  readonly tokens: Tokens
  /** Without a slash at its end. */
  readonly url: string
}

/** The promise, or the signal's reason if that comes first. */
const unless = <A>(signal: AbortSignal, promise: Promise<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener("abort", stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop))
  })

const readText = async (response: Response, bytesMax: number): Promise<string> => {
  if (response.body === null) return ""
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let [bytes, text] = [0, ""]
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > bytesMax) {
      reader.cancel().catch(() => {})
      throw failure("answer-too-large", `the answer has more than ${bytesMax} bytes`, { status: response.status })
    }
    text += decoder.decode(value, { stream: true })
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The body of a good answer, parsed; anything else is thrown. */
const judge = async ({ bounds, platform }: Http, response: Response): Promise<unknown> => {
  const { headers, ok, status } = response
  const body = parse(await readText(response, bounds.answerBytes))
  if (ok && body !== undefined) return body
  const afterMs = retryAfterMs(headers.get("retry-after"), platform.now())
  const error = ok ? undefined : ofProblem(status, body)
  const refusal = error ??
    failure("unexpected-answer", `status ${status} came with a body that is no problem`, { status })
  throw afterMs === undefined ? refusal : new NexusError({ ...refusal, retryAfterSeconds: Math.ceil(afterMs / 1_000) })
}

const attempt = async (http: Http, ask: Ask, token: () => Promise<string>, ms: number): Promise<unknown> => {
  const { platform, url } = http
  const { body, headers, method, path, signal } = ask
  if (signal?.aborted === true) throw signal.reason
  const controller = new AbortController()
  const stop = () => controller.abort(signal!.reason)
  signal?.addEventListener("abort", stop, { once: true })
  const cancel = platform.after(ms, () => controller.abort(failure("no-answer", `no answer within ${ms} ms`)))
  try {
    const authorization = `Bearer ${await unless(controller.signal, token())}`
    const init = {
      method,
      headers: { ...headers, authorization },
      redirect: "manual",
      signal: controller.signal,
    } as const
    const asked = platform.fetch(url + path, body === undefined ? init : { ...init, body }).then(
      (response) => judge(http, response),
    ).catch((error: unknown) => {
      throw error instanceof NexusError ? error : failure("no-answer", "the connection failed", {}, error)
    })
    return await unless(controller.signal, asked)
  } finally {
    cancel()
    signal?.removeEventListener("abort", stop)
  }
}

/** A refusal by the application itself, whatever its status. */
export const isRejection = ({ members }: NexusError): boolean => typeof members["rejection"] === "string"

/** Cut off, or put in words that are not the server's: a proxy gives up with any status from 500 on (524, say). */
const isCut = ({ status, type }: NexusError): boolean =>
  type === "no-answer" || (type === "unexpected-answer" && (status >= 500 || (status >= 200 && status < 300)))

const isTransient = (error: NexusError): boolean =>
  !isRejection(error) &&
  (isCut(error) || [429, 502, 503, 504].includes(error.status) || error.type === "internal-error")

/** The command may have been stored by this attempt. A 503 of Nexus says which it is, that of a proxy does not. */
const leavesUnknown = (error: NexusError): boolean =>
  isCut(error) || [502, 504].includes(error.status) || ["outcome-unknown", "internal-error"].includes(error.type)

/** Refused only after the receipt was looked for: so no attempt before was stored. */
const settles = (error: NexusError): boolean => isRejection(error) || [410, 412, 422].includes(error.status)

const unknownOutcome = (commandId: string | undefined, cause: NexusError): NexusError =>
  failure(
    "outcome-unknown",
    `the command may be stored or not: send it again with the command id ${commandId}, and only that tells`,
    { status: cause.status, commandId, retryAfterSeconds: cause.retryAfterSeconds, members: cause.members },
    cause,
  )

/** Gives up with what came last; where an attempt may have been stored, with `outcome-unknown`. */
export const request = async (http: Http, ask: Ask): Promise<unknown> => {
  const { bounds, platform, tokens } = http
  const { commandId, signal } = ask
  const until = platform.now() + bounds.totalMs
  let [unknown, renewed] = [false, false]
  for (let failures = 0;;) {
    let sent: string | undefined
    const token = async () => sent = await tokens.current()
    try {
      return await attempt(http, ask, token, Math.max(1, Math.min(bounds.attemptMs, until - platform.now())))
    } catch (error) {
      // The caller's own doing: its signal, or its token function.
      if (signal?.aborted === true || !(error instanceof NexusError)) throw error
      if (error.status === 401 && !renewed && !isRejection(error) && sent !== undefined && tokens.renew(sent)) {
        renewed = true
        continue
      }
      failures++
      if (commandId !== undefined && sent !== undefined && leavesUnknown(error)) unknown = true
      const waitMs = (error.retryAfterSeconds ?? 0) * 1_000 +
        backoff(platform, { baseMs: bounds.backoffMs, failures: failures - 1, maxMs: bounds.backoffMaxMs })
      const again = isTransient(error) && failures < bounds.attempts && platform.now() + waitMs < until
      if (again) {
        await pause(platform, waitMs, signal)
        continue
      }
      if (unknown && !settles(error)) throw unknownOutcome(commandId, error)
      throw commandId === undefined ? error : new NexusError({ ...error, commandId }, error.cause)
    }
  }
}
