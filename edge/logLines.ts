/**
 * A line of the log as people read it, where no program does: time, level, words, and what belongs to them as `name=value`.
 * @module
 */
import { Formatter, Logger } from "effect"

export const pretty: Logger.Logger<unknown, string> = Logger.map(
  Logger.formatStructured,
  ({ annotations, cause, level, message, timestamp }) => {
    const parts = Array.isArray(message) ? message : [message]
    const isValue = (part: unknown) => typeof part === "object" && part !== null
    // What is handed over beside the words stands with the annotations.
    const values: object = Object.assign({}, ...parts.filter(isValue), annotations)
    const told = Object.entries(values).map(([name, value]) => `${name}=${Formatter.format(value)}`)
    const words = parts.filter((part) => !isValue(part))
    const end = cause === undefined ? [] : [`\n${cause}`]
    return [timestamp.slice(11, 23), level, ...words, ...told, ...end].join(" ")
  },
)
