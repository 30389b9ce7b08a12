/**
 * What one command of `nexus` is: a name, a line of help, its options and what it does. One file a verb.
 * @module
 */
import { type Effect, Schema } from "effect"
import type { App } from "../core/App.ts"

/** An option `--name`; with `value` (the placeholder of the help) it takes one, without it is a flag. */
export interface Option {
  readonly help: string
  readonly value?: string
  readonly default?: string
  readonly required?: boolean
}

/** Stops the verb with a sentence for the user. Exit code 1: it was tried and failed; 2: it was asked for wrongly. */
export class Failure extends Schema.TaggedError<Failure>()("Failure", {
  message: Schema.String,
  exitCode: Schema.Literals([1, 2]),
}) {}

export interface Input {
  /** A given option or its default; `"true"` for a given flag; an operand by its name in capitals. */
  readonly option: (name: string) => string | undefined
  /** `--json` was given: `print` writes its second argument. */
  readonly json: boolean
  readonly env: { readonly [name: string]: string | undefined }
  /** The default export of `--app` (`./app.ts`), imported when asked for. */
  readonly app: Effect.Effect<App, Failure>
  /** Writes the result to standard output, as text for people or, with `--json`, as one line of JSON. */
  readonly print: (text: string, json: unknown) => Effect.Effect<void>
}

export interface Verb {
  readonly name: string
  readonly help: string
  /** Operands by name (`DIR`) with their help, in order, all required; `option("DIR")` gives one. */
  readonly operands?: { readonly [name: Uppercase<string>]: string }
  readonly options: { readonly [name: string]: Option }
  /** Gives the exit code; a `Failure` is printed to standard error. */
  readonly run: (input: Input) => Effect.Effect<number, Failure>
}
