/**
 * What is counted about schemas. Names are stable: alarms and dashboards are written against them.
 * @module
 */
import { counter } from "../core/metrics.ts"

export const SchemaRegistrations = counter(
  "SchemaRegistrations",
  "Registrations the registry took, known ones included",
)
export const CompatibilityFailures = counter(
  "CompatibilityFailures",
  "Registrations and checks of schemas that break with earlier revisions",
)
/** Counted wherever an event is validated: before it is stored and before it is routed. */
export const SchemaValidationFailures = counter("SchemaValidationFailures", "Events that did not fit their schema")
/** Reads only: each stands for a subject that stays as it was known, or unknown. */
export const RegistryFailures = counter("RegistryFailures", "Reads of the registry that failed or contradicted it")
