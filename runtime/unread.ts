/**
 * Why today's code cannot read an event, for operators: places and rules, never a value.
 * @module
 */
import type { StoredEvent } from "../core/EventStore.ts"
import * as Issue from "../schemas/Issue.ts"
import type * as Wire from "../schemas/Wire.ts"

export const unread = (
  { schemaVersion, type }: Pick<StoredEvent, "schemaVersion" | "type">,
  failure: Wire.Invalid | Wire.UnknownEvent | Wire.Thrown,
): string => {
  if (failure._tag === "Thrown") return "an upcaster fails on it"
  return failure._tag === "UnknownEvent"
    ? `the application does not know ${type} version ${schemaVersion}`
    : `the payload does not fit: ${Issue.textOf(failure.issues)}`
}
