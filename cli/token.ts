/**
 * `nexus token`: a token signed with the embedded key of a data folder. Production has no such key, and no such verb.
 * @module
 */
import { Clock, Effect, Result } from "effect"
import { idPattern } from "../core/Stream.ts"
import { subjectPattern } from "../edge/auth.ts"
import { embeddedKey } from "../edge/deno.ts"
import * as embedded from "../edge/embedded.ts"
import { fromEnvironment } from "../edge/settings.ts"
import { failed, type Verb, wrong } from "./Verb.ts"

const unitSeconds = { s: 1, m: 60, h: 3_600 } as const
/** Older tokens are refused by their `iat`, whatever their `exp`. */
const daySeconds = 86_400

/** Seconds of `30s`, `15m`, `24h`; nothing where it is not one of them or longer than a day. */
const secondsOf = (text: string): number | undefined => {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? []
  const seconds = Number(count) * unitSeconds[(unit ?? "s") as keyof typeof unitSeconds]
  return seconds >= 1 && seconds <= daySeconds ? seconds : undefined
}

export const token: Verb = {
  name: "token",
  help: "Print a token signed with the embedded key",
  options: {
    tenant: { help: "Whose streams it opens", value: "TENANT", required: true },
    subject: { help: "Who acts", value: "SUBJECT", required: true },
    scope: { help: "Scopes, separated by spaces: commands:*, read, history, ops ...", value: "SCOPES", required: true },
    ttl: { help: "How long it is good: 30s, 15m, at most 24h", value: "TIME", default: "1h" },
    data: { help: "The folder with the key; NEXUS_DATA or ./data where absent", value: "FOLDER" },
  },
  run: Effect.fnUntraced(function* ({ env, option, print }) {
    const settings = fromEnvironment(env)
    if (env["NEXUS_ENV"] === "production") {
      return yield* failed("production has no embedded key: get tokens from your issuer")
    }
    if (Result.isFailure(settings)) return yield* failed(settings.failure.join("; "))
    if (settings.success.issuer !== undefined) {
      return yield* failed("NEXUS_ISSUER is set, so the embedded key signs nothing: get tokens from that issuer")
    }
    const [tenant, subject, scope] = [option("tenant")!, option("subject")!, option("scope")!]
    const ttlSeconds = secondsOf(option("ttl")!)
    if (!idPattern.test(tenant)) {
      return yield* wrong("--tenant is not an id: a letter or digit, then up to 127 of A-Z a-z 0-9 . _ ~ -")
    }
    if (!subjectPattern.test(subject)) return yield* wrong("--subject is not 1 to 255 characters without line breaks")
    if (ttlSeconds === undefined) return yield* wrong("--ttl is not a time such as 30s, 15m or 24h (at most 24h)")
    const folder = option("data") ?? settings.success.data
    const key = yield* Effect.tryPromise({
      try: () => embeddedKey(folder),
      catch: (error) => failed(`cannot read or make the key in ${folder}: ${(error as Error).message}`),
    })
    const nowMs = yield* Clock.currentTimeMillis
    const text = yield* Effect.promise(() => embedded.mint(key, { tenant, subject, scope, ttlSeconds, nowMs }))
    yield* print(text, { token: text, tenant, subject, scope, expiresAt: Math.floor(nowMs / 1000) + ttlSeconds })
    return 0
  }),
}
