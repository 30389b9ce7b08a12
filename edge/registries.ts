/**
 * The adapter of a registry elsewhere, as settings choose it. It composes, for servers and the command line.
 * @module
 */
import type { Layer } from "effect"
import type { SchemaRegistry } from "../core/SchemaRegistry.ts"
import * as Confluent from "../runtime/adapters/confluent/Confluent.ts"
import * as Glue from "../runtime/adapters/glue/Glue.ts"
import type { Choice } from "./registry.ts"

/** Nothing where the registry lies in the store. Nobody is asked before the first call. */
export const remote = (choice: Choice): Layer.Layer<SchemaRegistry> | undefined =>
  choice.kind === "embedded" ? undefined : choice.kind === "glue" ? Glue.layer(choice) : Confluent.layer(choice)
