/**
 * Calls of Kinesis: one attempt each, for those who publish and read have a plan of their own for the next.
 * @module
 */
import { Effect, type Scope } from "effect"
import { Limits } from "../../../core/Limits.ts"
import type { Failed } from "../aws/Failed.ts"
import * as Retry from "../aws/Retry.ts"
import * as Aws from "../aws/settings.ts"

type Sdk = typeof import("@aws-sdk/client-kinesis")
export type Client = InstanceType<Sdk["Kinesis"]>
export type Ask = <A>(
  send: (client: Client, options: { readonly abortSignal: AbortSignal }) => Promise<A>,
) => Effect.Effect<A, Failed>

/** Loaded here and not above: whoever has another bus need not have it. */
const sdk: Effect.Effect<Sdk> = Effect.orDie(Effect.tryPromise({
  try: () => import("@aws-sdk/client-kinesis"),
  catch: () => new Error("the bus is Kinesis: add the package @aws-sdk/client-kinesis to the application"),
}))

/**
 * For subscriptions. At AWS over the SDK's own handler, which speaks HTTP/2, as AWS wants it there alone; plain HTTP, of a
 * local engine, over ours.
 */
export const makePushed = (settings: Aws.Settings): Effect.Effect<Ask, never, Scope.Scope> =>
  make(settings, ({ requestHandler, ...all }) => /^http:/.test(all.endpoint ?? "") ? { ...all, requestHandler } : all)

export const make = (
  settings: Aws.Settings,
  configured: (all: Aws.Configuration) => Omit<Aws.Configuration, "requestHandler"> = (all) => all,
): Effect.Effect<Ask, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { Kinesis } = yield* sdk
    const limits = yield* Limits
    const client = yield* Aws.client(settings, "kinesis", (all) => new Kinesis(configured(all)))
    const call = Retry.make({ ...Retry.policyOf(limits), attempts: 1 }, Retry.budgetOf(limits))
    return (send) => call((abortSignal) => send(client, { abortSignal }))
  })
