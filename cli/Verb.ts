/**
 * What one command of `nexus` is: a name, a line of help, its options and what it does. One file a verb.
 * @module
 */
import { type Effect, Schema } from "effect"
import type { App } from "../core/App.ts"
import { StoreUnavailable } from "../core/EventStore.ts"

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
export const failed = (message: string): Failure => new Failure({ message, exitCode: 1 })
export const wrong = (message: string): Failure => new Failure({ message, exitCode: 2 })
/** Of a store that does not open, or does not answer. */
export const notAsked = (error: { readonly message: string }): Failure =>
  failed(error instanceof StoreUnavailable ? `the store cannot be asked: ${error.reason}` : error.message)

/** Of a stream, as it is written down by whoever has seen it. */
export const versionPattern = /^[1-9]\d{0,14}$/

export interface Input {
  /** A given option or its default; `"true"` for a given flag; an operand by its name in capitals. */
  readonly option: (name: string) => string | undefined
  /** `--json` was given: `print` writes its second argument. */
  readonly json: boolean
  /** Results go to a terminal that wants colors. */
  readonly color: boolean
  readonly env: { readonly [name: string]: string | undefined }
  /** The default export of `--app` (`./app.ts`), imported when asked for: of verbs with that option. */
  readonly app: Effect.Effect<App, Failure>
  /** Writes the result to standard output, as text for people or, with `--json`, as one line of JSON. */
  readonly print: (text: string, json: unknown) => Effect.Effect<void, Failure>
  /** Says on standard error how far it is; silent where that is no terminal, unless `--progress` was given. */
  readonly progress: Progress
}

/** `total` is absent where nobody knows it; `unit` is what is counted: `events`. */
export type Progress = (step: string, done: number, total: number | undefined, unit: string) => void

/** Of the verbs that may take long. */
export const progress: { readonly [name: string]: Option } = {
  progress: { help: "Say how far it is, even where standard error is no terminal" },
}

/** Of the verbs that ask the application. */
export const application: { readonly [name: string]: Option } = {
  app: { help: "The application: a module whose default export is App.make(…)", value: "FILE", default: "./app.ts" },
}

/** Of the verbs that work on a store. */
export const data: { readonly [name: string]: Option } = {
  data: { help: "The folder of the store; NEXUS_DATA or ./data where absent", value: "FOLDER" },
}
/** Of the verbs that work on any store: as a server takes them. */
export const anyStore: { readonly [name: string]: Option } = {
  ...data,
  store: { help: "sqlite or dynamodb; NEXUS_STORE or sqlite where absent", value: "KIND" },
  "table-prefix": {
    help: "DynamoDB: before each table's name; the application's name and - where absent",
    value: "PREFIX",
  },
  "aws-region": { help: "DynamoDB: its region", value: "REGION" },
  ...Object.fromEntries(["", "-dynamodb", "-kinesis", "-sns", "-sqs"].map((service) => [
    `aws-endpoint${service}`,
    {
      help: service === "" ? "Where all services are, if not at AWS" : `The same for ${service.slice(1)}`,
      value: "URL",
    },
  ])),
}
/** The folder that is asked for. */
export const folderOf = ({ env, option }: Pick<Input, "env" | "option">): string =>
  option("data") ?? (env["NEXUS_DATA"] || "data")

export interface Verb {
  readonly name: string
  readonly help: string
  /** Operands by name (`DIR`) with their help, in order, all required; `option("DIR")` gives one. */
  readonly operands?: { readonly [name: Uppercase<string>]: string }
  /** Operands that may be absent, behind the others. */
  readonly optionalOperands?: { readonly [name: Uppercase<string>]: string }
  readonly options: { readonly [name: string]: Option }
  /**
   * What is left of it where SIGINT or SIGTERM stop it half-way: it is interrupted, and this is said. Without words it dies
   * of the signal.
   */
  readonly stopped?: (option: Input["option"]) => string | undefined
  /** More than options say, shown below them. */
  readonly notes?: string
  /** Gives the exit code; a `Failure` is printed to standard error. */
  readonly run: (input: Input) => Effect.Effect<number, Failure>
}
