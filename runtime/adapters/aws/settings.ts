/**
 * Where AWS is and who we are there, as data; and what each of AWS's clients is made with.
 *
 * Nowhere else is a client configured.
 * @module
 */
import { Effect, type Scope } from "effect"
import { Limits } from "../../../core/Limits.ts"
import * as handler from "./handler.ts"

const services = ["dynamodb", "kinesis", "sns", "sqs"] as const
/** The streams of `dynamodb` are where its tables are. */
export type Service = typeof services[number]

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface Settings {
  readonly region: string
  /** Of all services that have none of their own; absent: where AWS has them. */
  readonly endpoint?: string
  readonly endpoints?: Readonly<Partial<Record<Service, string>>>
  /** Absent: AWS's own chain of places to look in. */
  readonly credentials?: Credentials
}

export const endpointOf = ({ endpoint, endpoints }: Settings, service: Service): string | undefined =>
  endpoints?.[service] ?? endpoint

export const configuration = (settings: Settings, service: Service, bounds: handler.Bounds) => {
  const endpoint = endpointOf(settings, service)
  return {
    region: settings.region,
    ...endpoint === undefined ? {} : { endpoint },
    ...settings.credentials === undefined ? {} : { credentials: { ...settings.credentials } },
    /** Retries are ours: `Retry.ts`. */
    maxAttempts: 1,
    requestHandler: handler.make(bounds),
  }
}

export type Configuration = ReturnType<typeof configuration>

/** What every client of the SDK has. */
interface Made {
  readonly destroy: () => void
  readonly middlewareStack: { readonly remove: (name: string) => boolean }
  readonly config: { defaultUserAgentProvider: (...of: Array<never>) => Promise<unknown> }
}

/**
 * Leaves out what the SDK does again for each call to no end: the line of a log that there is none of, and a look at the
 * operating system for the name that it gives itself. A tenth of a call's CPU.
 */
const lighten = <Client extends Made>(made: Client): Client => {
  made.middlewareStack.remove("loggerMiddleware")
  const { config } = made
  const ask = config.defaultUserAgentProvider
  let name: ReturnType<typeof ask> | undefined
  config.defaultUserAgentProvider = (...of) => name ??= ask(...of)
  return made
}

/** A client that ends with its scope. `construct` is `(configuration) => new Client(configuration)`. */
export const client = <Client extends Made>(
  settings: Settings,
  service: Service,
  construct: (configuration: Configuration) => Client,
): Effect.Effect<Client, never, Scope.Scope> =>
  Effect.flatMap(Limits, ({ answerBytes, connections }) =>
    Effect.acquireRelease(
      Effect.sync(() => lighten(construct(configuration(settings, service, { answerBytes, connections })))),
      (made) => Effect.sync(() => made.destroy()),
    ))
