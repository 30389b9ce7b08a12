/**
 * The registered consumer that is pushed what comes: it is there, or is made where that is asked for.
 * @module
 */
import { Effect } from "effect"
import { kept } from "../../kept.ts"
import { type Failed, failedOf, reasonOf } from "../aws/Failed.ts"
import type { Ask } from "./client.ts"
import { StreamMissing } from "./open.ts"
import { actions, consumerOf, nameOf } from "./resources.ts"

const isMissing = ({ code }: Failed): boolean => code === "ResourceNotFoundException"
/** Another process registers it. */
const isInUse = ({ code }: Failed): boolean => code === "ResourceInUseException"

const missing = (name: string, stream: string) =>
  new StreamMissing({
    message: `the Kinesis stream ${stream} has no registered consumer ${name}: register it, or start a server once ` +
      `with NEXUS_ENV=development, which does it and needs ${actions.fanOut[0]}, or read by polling`,
  })

/** Its ARN, under which shards are subscribed to. It takes some seconds to be active; subscribing is refused until then. */
const arnOf = (ask: Ask, prefix: string, create: boolean): Effect.Effect<string, Failed | StreamMissing> =>
  Effect.gen(function* () {
    const [ConsumerName, StreamName] = [consumerOf(prefix), nameOf(prefix)]
    const { StreamDescriptionSummary: found } = yield* ask((client, options) =>
      client.describeStreamSummary({ StreamName }, options)
    )
    const about = { StreamARN: found?.StreamARN, ConsumerName }
    const look = Effect.map(
      ask((client, options) => client.describeStreamConsumer(about, options)),
      (answer) => answer.ConsumerDescription?.ConsumerARN,
    )
    const made = ask((client, options) => client.registerStreamConsumer(about, options)).pipe(
      Effect.map(({ Consumer }) => Consumer?.ConsumerARN),
      Effect.catchIf(isInUse, () => look),
    )
    const absent: Effect.Effect<string | undefined, Failed | StreamMissing> = create
      ? made
      : Effect.fail(missing(ConsumerName, StreamName))
    const arn = yield* look.pipe(Effect.catchIf(isMissing, () => absent))
    return arn ?? (yield* failedOf({ name: "NoConsumer" }))
  })

/** Looks once at start: only its absence stops it. What cannot be asked now is asked again by whoever subscribes. */
export const open = (ask: Ask, prefix: string, create: boolean) =>
  Effect.gen(function* () {
    const arn = kept(arnOf(ask, prefix, create))
    yield* arn.pipe(Effect.catchTag("Failed", (failed) =>
      Effect.logWarning("the registered consumer cannot be asked").pipe(
        Effect.annotateLogs({ consumer: consumerOf(prefix), reason: reasonOf(failed) }),
      )))
    return arn
  })
