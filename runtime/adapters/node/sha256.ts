/**
 * The platform's own SHA-256, for Deno and Node >= 20.12: half the price of the portable one, and the same text.
 * @module
 */
import { Layer } from "effect"
import { hash } from "node:crypto"
import { Sha256 } from "../../../core/Fingerprint.ts"

export const sha256 = (data: string | Uint8Array): string => hash("sha256", data, "hex")

export const layer: Layer.Layer<never> = Layer.succeed(Sha256, sha256)
