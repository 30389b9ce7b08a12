/**
 * Serves an application on Deno (and on Node from 24), over a store in a folder or on DynamoDB: all of the work in one
 * process, or a part of it.
 *
 * A composition root: it chooses adapters, reads the environment and owns the process's end.
 * @module
 */
// Before any schema is used: parsing compiled to functions costs a tenth. Platforms that forbid it fall back by themselves.
import "effect/schema/SchemaJITCompiler/enable"
import { Effect, Layer, Logger, type LogLevel, ManagedRuntime, References, Result } from "effect"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import type { App } from "../core/App.ts"
import * as Limits from "../core/Limits.ts"
import { sha256 as bundleHash } from "../policies/bundle.ts"
import * as forgotten from "../policies/forgotten.ts"
import * as Policies from "../policies/Policies.ts"
import { waitBare } from "../runtime/adapters/node/fibers.ts"
import { listen, type Listener, type Malformed } from "../runtime/adapters/node/listener.ts"
import { readOrCreate } from "../runtime/adapters/node/secret.ts"
import * as Sha256 from "../runtime/adapters/node/sha256.ts"
import * as Otlp from "../runtime/adapters/otlp/Otlp.ts"
import type { Locked } from "../schemas/Lock.ts"
import { ActorHost } from "../runtime/ActorHost.ts"
import { CachedRegistry } from "../runtime/CachedRegistry.ts"
import { Gate } from "../runtime/Gate.ts"
import { TickTrigger } from "../runtime/TickTrigger.ts"
import { TimeTravel } from "../runtime/TimeTravel.ts"
import { type EdgeApp, makeApp } from "./app.ts"
import * as auth from "./auth.ts"
import * as commandQueues from "./commandQueues.ts"
import * as embedded from "./embedded.ts"
import * as flags from "./flags.ts"
import * as keys from "./keys.ts"
import * as locked from "./locked.ts"
import { pretty } from "./logLines.ts"
import type { Failure } from "./refuse.ts"
import { BodyTimeout, HeaderInvalid, HeadersTooLarge, NoSuchRoute } from "./refusals.ts"
import * as registries from "./registries.ts"
import * as sample from "./sample.ts"
import { type Environment, fromEnvironment, type Settings } from "./settings.ts"
import * as stores from "./stores.ts"
import * as workers from "./workers.ts"

/** For services of one's own that compose the layers: `start` and `serve` call it themselves. */
export { waitBare }

export interface ServeOptions {
  /** What `nexus schemas generate` wrote: `generated/lock.ts`. Production does not serve without it. */
  readonly lock?: Locked
  /** The process's environment where absent. */
  readonly env?: Environment
  /** Flags of `serve`, which win over the environment; the process's own where absent. */
  readonly args?: ReadonlyArray<string>
  readonly limits?: Partial<Limits.Limits>
  /**
   * Compiled policies of the application: the bytes of what `nexus policies build` wrote. They are asked behind those of
   * Nexus and must agree: they can forbid more and allow no more. Absent, `serve` does not start beside rules for requests.
   */
  readonly policies?: ReadonlyArray<Uint8Array>
  /** Commands from and to other applications, over SQS; none where absent. */
  readonly commands?: commandQueues.Options
  /** Log lines below it are dropped; `Info` where absent. */
  readonly logLevel?: LogLevel.LogLevel
}

export interface Server {
  readonly url: string
  /** The parts of the work that this process does; without `api` it answers for its health and metrics alone. */
  readonly roles: Settings["roles"]
  /** Mints a token with the embedded key; absent where tokens come from an issuer elsewhere. */
  readonly mint: ((claims: Omit<embedded.Claims, "nowMs">) => Promise<string>) | undefined
  /** Refuses new work, lets what was taken finish for at most `Limits.drainMs`, closes the store. Idempotent. */
  readonly stop: () => Promise<void>
}

/** The process cannot serve; `lines` say why, one reason each. */
export class CannotServe extends Error {
  readonly lines: ReadonlyArray<string>
  constructor(lines: ReadonlyArray<string>) {
    super(lines.join("\n"))
    this.lines = lines
  }
}

/** The embedded key of a data folder; made on first use, readable by its owner alone. */
export const embeddedKey = async (folder: string) =>
  embedded.parse(await readOrCreate(join(folder, "key.json"), embedded.generate))

/** Who is let in, and the key to mint with where this process is its own issuer. */
const identityOf = async (settings: Settings, limits: Limits.Limits) => {
  const { issuer, tenantClaim } = settings
  if (issuer !== undefined) {
    const authenticate = auth.make({ ...issuer, tenantClaim, keys: keys.remote(issuer.jwksUrl, limits) }, limits)
    return { authenticate, key: undefined, served: {} }
  }
  const key = await embeddedKey(settings.data)
  const jwks = embedded.publicSet(key)
  const { audience, issuer: self } = embedded
  return { authenticate: auth.make({ issuer: self, audience, keys: keys.fixed(jwks) }, limits), key, served: { jwks } }
}

/** The renderer of `/docs`: beside this file in the built package, in `node_modules` of a checkout. */
const renderer = ["./openapi-explorer.min.js", "../node_modules/openapi-explorer/dist/browser/openapi-explorer.min.js"]
  .map((path) => fileURLToPath(new URL(path, import.meta.url).href)).find((path) => existsSync(path))

const docs = renderer === undefined ? {} : { docs: () => readFile(renderer, { encoding: "utf8" }) }

const write = (lines: Array<string>) => Effect.sync(() => void process.stdout.write(`${lines.join("\n")}\n`))

/** In production JSON; written in batches, because a write for every request would cost more than the request. */
const jsonLines = Logger.batched(Logger.formatJson, { window: "100 millis", flush: write })
const prettyLines = Logger.batched(pretty, { window: "100 millis", flush: write })

/** The registry that the settings choose, remembered. */
const registryOf = ({ registry }: Settings) => {
  const remote = registries.remote(registry)
  return remote === undefined ? CachedRegistry.layer : Layer.provide(CachedRegistry.layer, remote)
}

const bundle = fileURLToPath(new URL("../policies/bundle.wasm", import.meta.url).href)

/** The policies that this process enforces; a file that is not the released one is no policy. */
const policiesOf = async ({ opaUrl }: Settings, own: ReadonlyArray<Uint8Array> = []): Promise<Policies.Options> => {
  const source = (bytes: Uint8Array) => ({ wasm: new Uint8Array(bytes), sha256: Sha256.sha256(bytes) })
  if (opaUrl !== undefined) return { nexus: { url: opaUrl }, own: own.map(source) }
  const nexus = source(await readFile(bundle))
  if (nexus.sha256 !== bundleHash) throw new CannotServe([`${bundle} was changed: install the package again`])
  return { nexus, own: own.map(source) }
}

const layerOf = (
  app: App,
  settings: Settings,
  policies: Policies.Options,
  limits: Limits.Limits,
  { commands = {}, logLevel = "Info" }: Pick<ServeOptions, "commands" | "logLevel">,
) =>
  workers.layerOf(app, settings, commands).pipe(
    Layer.provideMerge(Layer.merge(ActorHost.layer(app), TimeTravel.layer(app))),
    Layer.provideMerge(Gate.layer(app)),
    Layer.provideMerge(Layer.merge(registryOf(settings), Policies.layer(policies))),
    Layer.provideMerge(
      Layer.mergeAll(
        stores.layerOf(app, settings),
        TickTrigger.layerImmediate,
        Sha256.layer,
      ),
    ),
    Layer.provideMerge(
      settings.telemetry === undefined ? Layer.empty : Otlp.layer({ serviceName: app.name, ...settings.telemetry }),
    ),
    // Requests and the host share the time there is to drain.
    Layer.provideMerge(Layer.succeed(Limits.Limits, { ...limits, drainMs: limits.drainMs / 2 })),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, logLevel)),
    Layer.provideMerge(Logger.layer([settings.production ? jsonLines : prettyLines])),
  )

const headRefusals = (limits: Limits.Limits): Readonly<Record<Malformed, Failure>> => ({
  slow: new BodyTimeout(),
  large: new HeadersTooLarge({ maxBytes: limits.headerBytes }),
  malformed: new HeaderInvalid({ header: "", rule: "Expected an HTTP/1.1 request" }),
  hostless: new HeaderInvalid({ header: "Host", rule: "Expected once" }),
  tunnel: new NoSuchRoute(),
})

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const stopper = (edge: EdgeApp, listener: Listener, dispose: () => Promise<void>, drainMs: number) => {
  const stop = async () => {
    edge.drain()
    const until = performance.now() + drainMs / 2
    while (edge.inFlight() > 0 && performance.now() < until) await pause(10)
    // The host answers whatever commands are left, the edge all other requests: nobody is left waiting.
    await Promise.race([dispose().then(edge.abandon), pause(drainMs / 2)])
    await listener.close(500)
  }
  let stopped: Promise<void> | undefined
  return () => stopped ??= stop()
}

/** Starts to serve; rejects with `CannotServe`. Installs nothing in the process. */
export const start = async (app: App, options: ServeOptions = {}): Promise<Server> => {
  waitBare()
  const read = fromEnvironment(options.env ?? process.env)
  if (Result.isFailure(read)) throw new CannotServe(read.failure)
  const settings = read.success
  const faults = commandQueues.faults(app, settings, options.commands ?? {})
  if (faults.length > 0) throw new CannotServe(faults)
  const limits = Limits.lowered(options.limits ?? {})
  const policies = await policiesOf(settings, options.policies)
  const { authenticate, key, served } = await identityOf(settings, limits).catch((error: Error) => {
    throw new CannotServe([`cannot read or make the key in ${settings.data}: ${error.message}`])
  })
  const runtime = ManagedRuntime.make(layerOf(app, settings, policies, limits, options))
  const context = await runtime.context().catch((error: Error) => {
    throw new CannotServe([error.message])
  })
  const mode = { production: settings.production, writes: !settings.production && !settings.ci }
  const said = await runtime.runPromise(Effect.result(locked.prepare(app, options.lock, mode)))
  if (Result.isFailure(said)) {
    await runtime.dispose()
    throw new CannotServe(said.failure.lines)
  }
  await runtime.runPromise(
    Effect.forEach(said.success, ({ level, text }) => Effect.logWithLevel(level)(text), { discard: true }),
  )
  const edge = makeApp({
    app,
    authenticate,
    context,
    limits,
    origins: settings.origins,
    operationsOnly: !settings.roles.includes("api"),
    ...served,
    ...docs,
  })
  const refusals = headRefusals(limits)
  const listener = await listen(edge.answer, {
    hostname: settings.hostname,
    port: settings.port,
    headersTimeoutMs: limits.headersTimeoutMs,
    headBytes: 2 * limits.headerBytes + limits.urlBytes,
    refuse: (what) => edge.respond(refusals[what]),
    upgrade: { messageBytes: limits.messageBytes, pingMs: limits.socketPingMs, handle: edge.upgrade },
  }).catch(async (error: Error) => {
    await runtime.dispose()
    const taken = (error as { readonly code?: unknown }).code === "EADDRINUSE"
    const hint = taken ? "; stop what listens there, or set PORT or --port to another" : ""
    throw new CannotServe([`cannot listen on ${settings.hostname}:${settings.port}: ${error.message}${hint}`])
  })
  return {
    url: `http://${settings.hostname}:${listener.port}`,
    roles: settings.roles,
    mint: key && ((claims) => embedded.mint(key, { ...claims, nowMs: Date.now() })),
    stop: stopper(edge, listener, () => runtime.dispose(), limits.drainMs),
  }
}

const everything =
  "commands:* read history stream schemas:read policies:read dead-letters:read dead-letters:operate sagas:read ops"

const greeting = async (app: App, { mint, roles, url }: Server): Promise<string> => {
  if (!roles.includes("api")) {
    return `nexus works as ${roles.join(" and ")} of "${app.name}", health and metrics on ${url}`
  }
  if (mint === undefined) return `nexus serves "${app.name}" on ${url}`
  const claims = { tenant: "demo", subject: "developer", scope: everything, ttlSeconds: 86_400 }
  const lines = await Effect.runPromise(sample.lines(app, url, await mint(claims)))
  return [`nexus serves "${app.name}" on ${url} (tenant "demo", token for a day)`, "", ...lines].join("\n")
}

/** A server that was not given the application's rules for requests would allow what they forbid, and nobody would know. */
const checkGiven = async ({ policies }: ServeOptions): Promise<void> => {
  const file = join(dirname(process.argv[1] ?? ""), "policies", "bundle.wasm")
  if (policies !== undefined || !existsSync(file)) return
  const reason = forgotten.reason(file, new Uint8Array(await readFile(file)))
  if (reason !== undefined) throw new CannotServe([reason])
}

/**
 * Serves until SIGTERM or SIGINT, then drains and exits with 0. Where it cannot serve it says why and exits with 1.
 *
 * Environment: `PORT` (8787), `NEXUS_HOST` (127.0.0.1), `NEXUS_DATA` (./data), `NEXUS_ENV` (development), and for tokens
 * of an issuer elsewhere `NEXUS_ISSUER`, `NEXUS_AUDIENCE`, `NEXUS_JWKS_URL`, `NEXUS_TENANT_CLAIM` (tenant); for web
 * pages from elsewhere `NEXUS_ORIGINS` (none); `NEXUS_OPA_URL`, a server that decides in place of the compiled policies
 * (none). With `CI=true`, and in production, no schema is registered at start. `NEXUS_STORE` (sqlite) and what belongs to
 * it stand in the guide to AWS. Flags win over the environment; one that does not exist ends it with 2, and `--help` tells them.
 */
export const serve = async (app: App, options: ServeOptions = {}): Promise<void> => {
  const words = options.args ?? process.argv.slice(2)
  if (words.includes("--help")) return console.log(flags.help)
  const given = flags.read(words)
  if (Result.isFailure(given)) {
    console.error(`nexus: ${given.failure}`)
    return process.exit(2)
  }
  const env = { ...options.env ?? process.env, ...given.success }
  const server = await checkGiven(options).then(() => start(app, { ...options, env })).catch(
    (error: unknown) => {
      if (!(error instanceof CannotServe)) throw error
      for (const line of error.lines) console.error(`nexus: ${line}`)
      return process.exit(1)
    },
  )
  let asked = false
  const end = () => {
    if (asked) process.exit(1)
    asked = true
    server.stop().then(() => process.exit(0), () => process.exit(1))
  }
  process.on("SIGTERM", end)
  process.on("SIGINT", end)
  console.log(await greeting(app, server))
}
