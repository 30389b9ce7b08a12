/**
 * Stores on a real engine, for tests: tables of their own, and a count of what is asked of DynamoDB.
 * @module
 */
import { Layer } from "effect"
import * as Limits from "../../../core/Limits.ts"
import { layer, type Settings } from "./DynamoDB.ts"

let made = 0
/** A prefix that no other test of this run uses. */
export const freshPrefix = (): string => `t${Date.now().toString(36)}-${made++}-`

/** A local engine takes whatever name and key it is given. */
export const settingsOf = (endpoint: string, more: Partial<Settings> = {}): Settings => ({
  prefix: freshPrefix(),
  region: "eu-west-1",
  endpoint,
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  create: true,
  ...more,
})

/** A local engine on a machine at work is slow, and not down. */
export const patient = Layer.succeed(Limits.Limits, { ...Limits.defaults, callAttemptMs: 30_000, callMs: 60_000 })

/** Stores on new tables, each time it is built. */
export const fresh = (endpoint: () => string, more: Partial<Settings> = {}) =>
  Layer.fresh(Layer.suspend(() => Layer.provide(layer(settingsOf(endpoint(), more)), patient)))
