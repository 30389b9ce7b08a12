/**
 * Where a process keeps its events, and which part of the work it does. Half a configuration is refused, never guessed.
 * @module
 */
import * as address from "./address.ts"

const services = ["dynamodb", "kinesis", "sns", "sqs"] as const

/** What the adapters of AWS are made with. */
export interface Aws {
  readonly region: string
  readonly endpoint?: string
  readonly endpoints?: Readonly<Partial<Record<typeof services[number], string>>>
  /** Absent: AWS's own chain of places to look in. */
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
}

export type Store =
  /** One file in the folder of the data. */
  | { readonly kind: "sqlite" }
  /** `prefix` stands before the name of each table; absent: the application's name and a hyphen. */
  | { readonly kind: "dynamodb"; readonly prefix?: string; readonly aws: Aws; readonly read?: typeof reads[number] }

/** Ways to read the ordered bus; absent: the first. */
const reads = ["polling", "fan-out"] as const

export const roles = ["api", "router", "consumers"] as const
export type Role = typeof roles[number]

type Get = (name: string) => string | undefined

const endpointName = (service: string) => `NEXUS_AWS_ENDPOINT_${service.toUpperCase()}`
const own = [
  "NEXUS_AWS_ENDPOINT",
  ...services.map(endpointName),
  "NEXUS_AWS_REGION",
  "NEXUS_TABLE_PREFIX",
  "NEXUS_KINESIS_READ",
]

/** What engines on loopback take: anything. */
const local = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } }

const credentialsOf = (get: Get, faults: Array<string>): Aws["credentials"] => {
  const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const
  const [accessKeyId, secretAccessKey] = names.map(get)
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const sessionToken = get("AWS_SESSION_TOKEN")
    return { accessKeyId, secretAccessKey, ...sessionToken === undefined ? {} : { sessionToken } }
  }
  for (const name of names.filter((name) => get(name) === undefined)) {
    if (accessKeyId !== secretAccessKey) faults.push(`${name} is missing: set both keys, or none for AWS's other ways`)
  }
  return undefined
}

const awsOf = (get: Get, faults: Array<string>): Aws => {
  const endpoint = address.read(get, faults, "NEXUS_AWS_ENDPOINT")
  const endpoints = Object.fromEntries(services.flatMap((service) => {
    const url = address.read(get, faults, endpointName(service))
    return url === undefined ? [] : [[service, url] as const]
  }))
  // No name of AWS's is asked: nobody looks at region and keys.
  const used = services.map((service) => endpoints[service] ?? endpoint ?? "https:")
  const fallback = used.every((url) => url.startsWith("http:")) ? local : undefined
  const region = get("NEXUS_AWS_REGION") ?? get("AWS_REGION") ?? get("AWS_DEFAULT_REGION") ?? fallback?.region
  if (region === undefined) {
    faults.push("NEXUS_AWS_REGION is missing: NEXUS_STORE is dynamodb; set it (or AWS_REGION) to one like eu-central-1")
  } else if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    faults.push(`NEXUS_AWS_REGION (or AWS_REGION) is "${region}": use one like eu-central-1`)
  }
  const credentials = credentialsOf(get, faults) ?? fallback?.credentials
  return {
    region: region ?? "",
    ...endpoint === undefined ? {} : { endpoint },
    ...Object.keys(endpoints).length === 0 ? {} : { endpoints },
    ...credentials === undefined ? {} : { credentials },
  }
}

/** Good only where nothing was added to `faults`, which hold no value of a secret. */
export const read = (get: Get, faults: Array<string>): Store => {
  const kind = get("NEXUS_STORE") ?? "sqlite"
  if (kind === "dynamodb") {
    const prefix = get("NEXUS_TABLE_PREFIX")
    if (prefix !== undefined && !/^[\w.-]{1,100}$/.test(prefix)) {
      faults.push("NEXUS_TABLE_PREFIX may hold 1 to 100 letters, digits and -_. alone")
    }
    const how = get("NEXUS_KINESIS_READ")
    const read = reads.find((one) => one === how)
    if (how !== undefined && read === undefined) {
      faults.push(`NEXUS_KINESIS_READ is "${how}": use ${reads.map((one) => `"${one}"`).join(" or ")}`)
    }
    const chosen = { ...prefix === undefined ? {} : { prefix }, ...read === undefined ? {} : { read } }
    return { kind, ...chosen, aws: awsOf(get, faults) }
  }
  if (kind !== "sqlite") faults.push(`NEXUS_STORE is "${kind}": use "sqlite" or "dynamodb"`)
  else {
    for (const name of own.filter((name) => get(name) !== undefined)) {
      faults.push(`${name} is set, but NEXUS_STORE is sqlite: unset it, or set NEXUS_STORE to dynamodb`)
    }
  }
  return { kind: "sqlite" }
}

/** All parts of the work where none is named. */
export const rolesOf = (get: Get, faults: Array<string>, { kind }: Store): ReadonlyArray<Role> => {
  const name = get("NEXUS_ROLE")
  if (name === undefined) return roles
  const role = roles.find((one) => one === name)
  if (role === undefined) {
    faults.push(`NEXUS_ROLE is "${name}": use ${roles.map((one) => `"${one}"`).join(", ")}, or leave it out for all`)
  } else if (kind === "sqlite") {
    faults.push(
      `NEXUS_ROLE is "${name}", but NEXUS_STORE is sqlite, where one process does all: unset it, or set ` +
        "NEXUS_STORE to dynamodb",
    )
  }
  return role === undefined ? roles : [role]
}
