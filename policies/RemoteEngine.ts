/**
 * Decides by asking an OPA server (`POST /v1/data/nexus/authorization/decision`). Its address comes from configuration
 * alone, redirects are not followed, its answer is bounded in time and size, and none is remembered.
 * @module
 */
import { Effect } from "effect"
import type { Limits } from "../core/Limits.ts"
import type { Input } from "../core/PolicyEnforcer.ts"
import { fetchText, Unusable } from "../runtime/exchange.ts"
import { type Engine, EngineFailed, policyOf, read } from "./Engine.ts"

const entrypoint = "nexus/authorization/decision"

export type RemoteLimits = Pick<Limits, "decisionBytes" | "remoteDecisionMs" | "remoteDecisions">

/** What the answer holds as `result`; `undefined` where it has none, as OPA says that nothing is defined. */
const resultOf = (text: string): unknown => {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw new Unusable("no-result")
  }
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) throw new Unusable("no-result")
  return Object.hasOwn(answer, "result") ? (answer as { readonly result: unknown }).result : undefined
}

const ask = async (url: string, input: Input, limits: RemoteLimits, signal: AbortSignal): Promise<unknown> => {
  const headers = { "content-type": "application/json", accept: "application/json" }
  const question = { method: "POST", url, headers, body: JSON.stringify({ input }) }
  return resultOf(await fetchText(fetch, question, limits.decisionBytes, signal))
}

/** An answer came that is none of ours; nothing else came to an answer. */
const isMalformed = (error: unknown) => error instanceof Unusable && /^(too-large|no-result)$/.test(error.reason)

const failedWith = (reason: EngineFailed["reason"]) => Effect.fail(new EngineFailed({ reason }))

/** `url` is the server's, with whatever stands before `/v1`. */
export const make = (url: string, limits: RemoteLimits): Engine => {
  const address = `${url.replace(/\/+$/, "")}/v1/data/${entrypoint}`
  const asked = (input: Input) =>
    Effect.tryPromise({
      try: (signal) => ask(address, input, limits, signal),
      catch: (error) => new EngineFailed({ reason: isMalformed(error) ? "malformed" : "unreachable" }),
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
