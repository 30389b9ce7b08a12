/**
 * The independent judge of two schemas: Ajv, with the defaults of the reader filled in.
 * @module
 */
import { Ajv } from "ajv"
import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import type { Draft, Json, Schema } from "./generate.ts"

const options = { strict: false, logger: false, allErrors: false, validateSchema: false } as const
/** What the dialect itself says of a schema. */
export const isDraft07 = (schema: Schema): boolean => new Ajv({ strict: false }).validateSchema(schema) === true

type Judge = (value: Json) => boolean

const instances = (useDefaults: boolean): { readonly [D in Draft]: Ajv | Ajv2020 } => {
  const made = { "2020-12": new Ajv2020({ ...options, useDefaults }), "07": new Ajv({ ...options, useDefaults }) }
  for (const ajv of Object.values(made)) (addFormats as unknown as (ajv: Ajv | Ajv2020) => void)(ajv)
  return made
}
const plain = instances(false)
const filling = instances(true)

const compile = (ajv: Ajv | Ajv2020, schema: Schema): Judge => {
  const { $schema: _, ...own } = schema
  const judge = ajv.compile(own)
  ajv.removeSchema(own)
  return (value) => judge(value) === true
}

export const writer = (draft: Draft, schema: Schema): Judge => compile(plain[draft], schema)

/** Works on a copy: filling in changes the value. */
export const reader = (draft: Draft, schema: Schema): Judge => {
  const judge = compile(filling[draft], schema)
  return (value) => judge(structuredClone(value))
}
