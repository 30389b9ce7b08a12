/**
 * Decides by asking an OPA server (`POST /v1/data/nexus/authorization/decision`). Its address comes from configuration
 * alone, redirects are not followed, its answer is bounded in time and size, and none is remembered.
 * @module
 */
import { Effect } from "effect"
import type { Limits } from "../core/Limits.ts"
import type { Input } from "../core/PolicyEnforcer.ts"
import { type Engine, EngineFailed, policyOf, read } from "./Engine.ts"

const entrypoint = "nexus/authorization/decision"

export type RemoteLimits = Pick<Limits, "decisionBytes" | "remoteDecisionMs" | "remoteDecisions">

class Malformed extends Error {}

const readBounded = async (response: Response, maxBytes: number): Promise<string> => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false })
  let [text, length] = ["", 0]
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > maxBytes) throw new Malformed()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** What the answer holds as `result`; `undefined` where it has none, as OPA says that nothing is defined. */
const resultOf = (text: string): unknown => {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw new Malformed()
  }
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) throw new Malformed()
  return Object.hasOwn(answer, "result") ? (answer as { readonly result: unknown }).result : undefined
}

const ask = async (url: string, input: Input, limits: RemoteLimits, signal: AbortSignal): Promise<unknown> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ input }),
    redirect: "manual",
    signal,
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`answered ${response.status}`)
  }
  return resultOf(await readBounded(response, limits.decisionBytes))
}

const failedWith = (reason: EngineFailed["reason"]) => Effect.fail(new EngineFailed({ reason }))

/** `url` is the server's, with whatever stands before `/v1`. */
export const make = (url: string, limits: RemoteLimits): Engine => {
  const address = `${url.replace(/\/+$/, "")}/v1/data/${entrypoint}`
  const asked = (input: Input) =>
    Effect.tryPromise({
      try: (signal) => ask(address, input, limits, signal),
      catch: (error) => new EngineFailed({ reason: error instanceof Malformed ? "malformed" : "unreachable" }),
    })
  return over(asked, limits)
}

/** Decides by `asked`, which answers with the value of the entrypoint, however it comes by it. */
export const over = (asked: (input: Input) => Effect.Effect<unknown, EngineFailed>, limits: RemoteLimits): Engine => {
  const policy = policyOf(entrypoint)
  let underWay = 0
  const decide = (input: Input) =>
    asked(input).pipe(
      Effect.timeoutOrElse({ duration: limits.remoteDecisionMs, orElse: () => failedWith("slow") }),
      Effect.flatMap((value) => Effect.fromResult(read(policy, value))),
    )
  return {
    bundle: "remote",
    remembers: false,
    decide: (input) =>
      Effect.suspend(() => {
        // A server that hangs must not gather requests.
        if (underWay >= limits.remoteDecisions) return failedWith("busy")
        underWay++
        return Effect.ensuring(decide(input), Effect.sync(() => underWay--))
      }),
  }
}
