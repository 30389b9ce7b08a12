/**
 * The flags of a server's command line: each stands for a variable of its environment, and wins over it.
 * @module
 */
import { Result } from "effect"
import type { Environment } from "./settings.ts"

export const variables: Readonly<Record<string, string>> = {
  "--store": "NEXUS_STORE",
  "--role": "NEXUS_ROLE",
  "--port": "PORT",
  "--data": "NEXUS_DATA",
  "--table-prefix": "NEXUS_TABLE_PREFIX",
  "--aws-region": "NEXUS_AWS_REGION",
  "--kinesis-read": "NEXUS_KINESIS_READ",
  "--aws-endpoint": "NEXUS_AWS_ENDPOINT",
  "--aws-endpoint-dynamodb": "NEXUS_AWS_ENDPOINT_DYNAMODB",
  "--aws-endpoint-kinesis": "NEXUS_AWS_ENDPOINT_KINESIS",
  "--aws-endpoint-sns": "NEXUS_AWS_ENDPOINT_SNS",
  "--aws-endpoint-sqs": "NEXUS_AWS_ENDPOINT_SQS",
}

const says: Readonly<Record<string, string>> = {
  "--store": "where events are kept: sqlite (as long as nothing is said) or dynamodb",
  "--role": "the part of the work that this process does: api, router or consumers; else all of it",
  "--port": "where it listens, 8787; 0 takes a free one",
  "--data": "the folder of its data, ./data",
  "--table-prefix": "in front of the names of tables, streams, topics and queues",
  "--aws-region": "of all services",
  "--kinesis-read": "polling (as long as nothing is said) or fan-out",
  "--aws-endpoint": "of all services, where it is not AWS itself",
}

/** Shown instead of serving to whoever asks `--help`. */
export const help = [
  "Each flag stands for a variable of the environment, and wins over it.",
  "",
  ...Object.entries(variables).map(([flag, variable]) =>
    `  ${flag.padEnd(24)}${variable.padEnd(29)}${says[flag] ?? "of that service alone"}`
  ),
].join("\n")

const known = `flags: ${Object.keys(variables).join(", ")}`

/** The variables that the words set, as `--flag value` or `--flag=value`; else what is wrong, as a sentence. */
export const read = (words: ReadonlyArray<string>): Result.Result<Environment, string> => {
  const found: Record<string, string> = {}
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    const [, flag = word, inline] = /^(--[a-z-]+)=([\s\S]*)$/.exec(word) ?? []
    if (!Object.hasOwn(variables, flag)) return Result.fail(`there is no "${word}"; ${known}`)
    const name = variables[flag]!
    if (found[name] !== undefined) return Result.fail(`${flag} is given twice`)
    const value = inline ?? words[++i] ?? ""
    if (value === "" || (inline === undefined && value.startsWith("--"))) {
      return Result.fail(`${flag} needs a value: ${flag} VALUE`)
    }
    found[name] = value
  }
  return Result.succeed(found)
}
