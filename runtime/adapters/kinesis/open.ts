/**
 * Opens the stream: it is there, or is made where that is asked for, or its absence is said with what to do.
 * @module
 */
import { Effect, Schedule, Schema } from "effect"
import { type Failed, reasonOf } from "../aws/Failed.ts"
import type { Ask } from "./client.ts"
import { actions, stream } from "./resources.ts"

/** The bus cannot start; the message says what to do. */
export class StreamMissing extends Schema.TaggedError<StreamMissing>()("StreamMissing", { message: Schema.String }) {}

const isMissing = ({ code }: { readonly code?: string }): boolean => code === "ResourceNotFoundException"
/** Another process makes it, or changes it. */
const isInUse = ({ code }: Failed): boolean => code === "ResourceInUseException"
const hoursMs = 3_600_000

/** Looks so often until a new stream is ready: two minutes. */
const untilActive = Schedule.upTo(Schedule.spaced("250 millis"), { times: 480 })

const missing = (name: string, region: string) =>
  new StreamMissing({
    message: `there is no Kinesis stream ${name} in ${region}: deploy it, or start a server once with ` +
      `NEXUS_ENV=development, which makes it and needs ${actions.create.join(", ")}`,
  })

/** Milliseconds for which the stream keeps a record at least. */
export const open = Effect.fnUntraced(function* (
  ask: Ask,
  StreamName: string,
  { create = false, region }: { readonly create?: boolean; readonly region: string },
) {
  const look = Effect.map(
    ask((client, options) => client.describeStreamSummary({ StreamName }, options)),
    ({ StreamDescriptionSummary: found }) => ({
      isActive: found?.StreamStatus === "ACTIVE",
      isEncrypted: found?.EncryptionType === stream.encryption.type,
      retentionMs: (found?.RetentionPeriodHours ?? stream.retentionHours) * hoursMs,
    }),
  )
  const active = look.pipe(
    Effect.filterOrFail(({ isActive }) => isActive, () => ({ _tag: "NotReady" }) as const),
    Effect.retry({ schedule: untilActive, while: ({ _tag }) => _tag === "NotReady" }),
  )
  const { key: KeyId, type: EncryptionType } = stream.encryption
  const made = Effect.gen(function* () {
    const StreamModeDetails = { StreamMode: stream.mode }
    yield* ask((client, options) => client.createStream({ StreamName, StreamModeDetails }, options)).pipe(
      Effect.catchIf(isInUse, () => Effect.void),
    )
    if (!(yield* active).isEncrypted) {
      yield* ask((client, options) => client.startStreamEncryption({ StreamName, EncryptionType, KeyId }, options))
        .pipe(
          Effect.catchIf(isInUse, () => Effect.void),
        )
    }
    return yield* active
  })

  return yield* look.pipe(
    Effect.catchIf(isMissing, (error) => create ? made : Effect.fail(error)),
    Effect.flatMap((now) => now.isActive ? Effect.succeed(now) : active),
    Effect.map(({ retentionMs }) => retentionMs),
    Effect.catch((error) => {
      if (error._tag === "Failed" && isMissing(error)) return Effect.fail(missing(StreamName, region))
      // It may be there later, and each call says for itself what it lacks. Until then: the shortest time there is.
      const reason = error._tag === "Failed" ? reasonOf(error) : "it is not ready"
      const said = Effect.logWarning("the Kinesis stream cannot be asked").pipe(
        Effect.annotateLogs({ stream: StreamName, reason }),
      )
      return Effect.as(said, stream.retentionHours * hoursMs)
    }),
  )
})
