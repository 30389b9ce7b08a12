/**
 * Calls of SNS and SQS: one attempt each, for publishers and consumers have a plan of their own for the next.
 * @module
 */
import { Effect, type Scope } from "effect"
import { Limits } from "../../../core/Limits.ts"
import { QueueUnavailable } from "../../../core/Queue.ts"
import { type Failed, reasonOf } from "../aws/Failed.ts"
import * as Retry from "../aws/Retry.ts"
import * as Aws from "../aws/settings.ts"

type SnsSdk = typeof import("@aws-sdk/client-sns")
type SqsSdk = typeof import("@aws-sdk/client-sqs")
export type Sns = InstanceType<SnsSdk["SNS"]>
export type Sqs = InstanceType<SqsSdk["SQS"]>

interface Signal {
  readonly abortSignal: AbortSignal
}

export interface Calls {
  readonly sns: <A>(send: (client: Sns, signal: Signal) => Promise<A>) => Effect.Effect<A, Failed>
  /** The service itself waits for so long before it answers. */
  readonly sqs: <A>(send: (client: Sqs, signal: Signal) => Promise<A>, waitMs?: number) => Effect.Effect<A, Failed>
}

/** Loaded here and not above: whoever has another bus need not have them. */
const load = <A>(name: string, sdk: () => Promise<A>): Effect.Effect<A> =>
  Effect.orDie(Effect.tryPromise({
    try: sdk,
    catch: () => new Error(`the bus is SNS and SQS: add the package ${name} to the application`),
  }))

export const make = (settings: Aws.Settings): Effect.Effect<Calls, never, Scope.Scope> =>
  Effect.gen(function* () {
    const limits = yield* Limits
    const { SNS } = yield* load("@aws-sdk/client-sns", () => import("@aws-sdk/client-sns"))
    const { SQS } = yield* load("@aws-sdk/client-sqs", () => import("@aws-sdk/client-sqs"))
    const sns = yield* Aws.client(settings, "sns", (all) => new SNS(all))
    const sqs = yield* Aws.client(settings, "sqs", (all) => new SQS(all))
    const policy = { ...Retry.policyOf(limits), attempts: 1 }
    const budget = Retry.budgetOf(limits)
    const call = (waitMs: number) => {
      const attemptMs = policy.attemptMs + waitMs
      return Retry.make({ ...policy, attemptMs, totalMs: attemptMs }, budget)
    }
    return {
      sns: (send) => call(0)((abortSignal) => send(sns, { abortSignal })),
      sqs: (send, waitMs = 0) => call(waitMs)((abortSignal) => send(sqs, { abortSignal })),
    }
  })

export const unavailable = (failed: Failed): QueueUnavailable =>
  new QueueUnavailable({ reason: reasonOf(failed), cause: failed })
