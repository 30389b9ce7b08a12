/**
 * Command ids, made by the caller, so that a repeat is the same command.
 * @module
 */
import { here, type Platform } from "./Platform.ts"

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")

/** A UUIDv7, which stores keep in order of time. Source: RFC 9562, 5.7. */
export const uuidV7 = ({ now, random }: Pick<Platform, "now" | "random">): string => {
  const time = hex(now(), 12)
  const below = (bound: number) => Math.floor(random() * bound)
  const variant = hex(0x8000 | below(0x4000), 4)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(below(0x1000), 3)}-${variant}-${hex(below(2 ** 24), 6)}${
    hex(below(2 ** 24), 6)
  }`
}

/** A fresh command id: keep it where a command must survive the page or process that sends it. */
export const commandId = (): string => uuidV7(here({}))
