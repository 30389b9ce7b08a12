/**
 * Which schema registry a process asks, from its environment. Half a configuration is refused, never guessed.
 * @module
 */
import * as address from "./address.ts"

export type Choice =
  /** In the file of the store. */
  | { readonly kind: "embedded" }
  | { readonly kind: "glue"; readonly registry: string; readonly region: string; readonly endpoint?: string }
  /** `authorization` is the whole header, and a secret. */
  | { readonly kind: "confluent"; readonly url: string; readonly authorization?: string }

const kinds = ["embedded", "glue", "confluent"] as const
type Kind = typeof kinds[number]

const own = {
  embedded: [],
  glue: ["NEXUS_GLUE_REGISTRY"],
  confluent: [
    "NEXUS_REGISTRY_URL",
    "NEXUS_REGISTRY_USER",
    "NEXUS_REGISTRY_PASSWORD",
    "NEXUS_REGISTRY_TOKEN",
  ],
} as const satisfies Readonly<Record<Kind, ReadonlyArray<string>>>

type Get = (name: string) => string | undefined

const header = /^[\x21-\x7e]+$/

/** As HTTP has it: the name without a colon, both in UTF-8. */
const basic = (user: string, password: string): string =>
  `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)))}`

const authorizationOf = (get: Get, faults: Array<string>): string | undefined => {
  const [user, password, token] = [
    get("NEXUS_REGISTRY_USER"),
    get("NEXUS_REGISTRY_PASSWORD"),
    get("NEXUS_REGISTRY_TOKEN"),
  ]
  if ((user === undefined) !== (password === undefined)) {
    faults.push("NEXUS_REGISTRY_USER and NEXUS_REGISTRY_PASSWORD need each other")
  } else if (user !== undefined && token !== undefined) {
    faults.push("NEXUS_REGISTRY_TOKEN and NEXUS_REGISTRY_USER are both set: use one of them")
  } else if (user !== undefined) {
    if (user.includes(":")) faults.push("NEXUS_REGISTRY_USER holds a colon: HTTP cannot carry that")
    return basic(user, password!)
  }
  if (token !== undefined && !header.test(token)) faults.push("NEXUS_REGISTRY_TOKEN holds what no header may hold")
  return token === undefined ? undefined : `Bearer ${token}`
}

const confluent = (get: Get, faults: Array<string>): Choice => {
  const name = "NEXUS_REGISTRY_URL"
  const url = address.read(get, faults, name)
  if (get(name) === undefined) faults.push(`${name} is missing: NEXUS_REGISTRY is confluent`)
  const authorization = authorizationOf(get, faults)
  return { kind: "confluent", url: url ?? "", ...authorization === undefined ? {} : { authorization } }
}

const glue = (get: Get, faults: Array<string>): Choice => {
  const registry = get("NEXUS_GLUE_REGISTRY")
  const region = get("AWS_REGION") ?? get("AWS_DEFAULT_REGION")
  if (registry === undefined) faults.push("NEXUS_GLUE_REGISTRY is missing: NEXUS_REGISTRY is glue")
  else if (!/^[\w.#$-]{1,255}$/.test(registry)) {
    faults.push("NEXUS_GLUE_REGISTRY may hold letters, digits and -_.$# alone")
  }
  if (region === undefined) faults.push("AWS_REGION is missing: NEXUS_REGISTRY is glue")
  else if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) faults.push(`AWS_REGION is "${region}": use one like eu-central-1`)
  const name = get("AWS_ENDPOINT_URL_GLUE") === undefined ? "AWS_ENDPOINT_URL" : "AWS_ENDPOINT_URL_GLUE"
  const endpoint = address.read(get, faults, name)
  return {
    ...{ kind: "glue", registry: registry ?? "", region: region ?? "" },
    ...endpoint === undefined ? {} : { endpoint },
  }
}

/** Good only where nothing was added to `faults`, which hold no value of a secret. */
export const read = (get: Get, faults: Array<string>): Choice => {
  const kind = get("NEXUS_REGISTRY") ?? "embedded"
  const known = kinds.find((one) => one === kind)
  if (known === undefined) {
    faults.push(`NEXUS_REGISTRY is "${kind}": use "embedded", "glue" or "confluent"`)
    return { kind: "embedded" }
  }
  const foreign = kinds.filter((one) => one !== known).flatMap((one) => own[one].map((name) => [name, one] as const))
  for (const [name, one] of foreign.filter(([name]) => get(name) !== undefined)) {
    faults.push(`${name} is set, but NEXUS_REGISTRY is ${known}: unset it, or set NEXUS_REGISTRY to ${one}`)
  }
  return known === "confluent" ? confluent(get, faults) : known === "glue" ? glue(get, faults) : { kind: "embedded" }
}
