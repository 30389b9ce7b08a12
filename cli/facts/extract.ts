/**
 * The facts of an application, from its files and the value that its entry exports. Reads nothing by itself.
 * @module
 */
import { Result } from "effect"
import type { App } from "../../core/App.ts"
import { lowered } from "../../core/Limits.ts"
import * as table from "../../edge/table.ts"
import type { Facts } from "../../policies/Facts.ts"
import * as Lock from "../../schemas/Lock.ts"
import { graph, type Host, type Module } from "../evolve/Module.ts"
import * as aws from "./aws.ts"
import { calls, ownersOf } from "./calls.ts"
import { subscriptions } from "./consumers.ts"
import { declared, places } from "./declared.ts"
import * as imports from "./imports.ts"
import * as meaning from "./meaning.ts"
import * as services from "./services.ts"
import * as serving from "./serving.ts"
import * as sql from "./sql.ts"

export interface Given {
  readonly app: App
  /** The file that exports it, relative as all others. */
  readonly entry: string
  /** Sources, manifests, SQL and the lock, by path; tests are left out. */
  readonly files: ReadonlyMap<string, string>
  /** Another file that an import leads to, by its path. */
  readonly imported?: Host["read"]
  /** Templates of CloudFormation, as JSON. */
  readonly templates: ReadonlyMap<string, string>
  readonly parse: Host["parse"]
  readonly alias: NonNullable<Host["alias"]>
}

export const isCode = (path: string) => /\.[cm]?[jt]sx?$/.test(path) && !path.endsWith(".d.ts")

/** Else what of the application cannot be read, a sentence each. */
export const extract = (given: Given): Result.Result<Facts, ReadonlyArray<string>> => {
  const { app, entry, files } = given
  const manifests = services.read(files)
  if (Result.isFailure(manifests)) return Result.fail(manifests.failure)
  const known = manifests.success.length > 0
    ? manifests.success
    : [services.whole(app.name, Object.keys(app.aggregates), entry)]

  const faults: Array<string> = []
  const all = graph({ ...given, read: (path) => files.get(path) ?? given.imported?.(path) })
  const reader = meaning.make(all)
  const modules: Array<Module> = []
  const takenOf = new Map<Module, ReadonlyArray<imports.Taken>>()
  const visit = (module: Module): void => {
    if (takenOf.has(module)) return
    const taken = imports.takenBy(all, reader, module)
    takenOf.set(module, taken)
    modules.push(module)
    // What lies elsewhere, or is a test, counts as soon as somebody takes it in.
    for (const { target } of taken) if (target !== undefined) visit(target)
  }
  const code = [...files.keys()].filter(isCode)
  for (const work of [(module: Module) => module, visit]) {
    for (const path of code) {
      const worked = Result.try(() => work(all.open("x", `./${path}`) as Module))
      if (Result.isFailure(worked)) faults.push((worked.failure as Error).message)
    }
    // Each by its own name, before they are followed.
    if (faults.length > 0) break
  }
  const lock = Lock.parse(files.get("events.lock") ?? "")
  if (Result.isFailure(lock)) faults.push(...lock.failure.map(({ line, rule }) => `events.lock:${line} ${rule}`))
  const templates = [...given.templates].flatMap(([file, text]) => {
    const read = Result.try(() => aws.ofTemplate(file, text))
    if (Result.isSuccess(read)) return read.success
    faults.push(`${file} is no template in JSON: ${(read.failure as Error).message}`)
    return []
  })
  if (faults.length > 0 || Result.isFailure(lock)) return Result.fail(faults)

  const taken = (module: Module) => takenOf.get(module) ?? []
  const workers = imports.workersOf(known, modules, taken)
  const owners = ownersOf(known)
  const at = places(reader, modules)
  const home = { file: entry, line: 1 }
  const found = serving.entries(reader, modules)
  const routed = Result.try(() =>
    serving.routes(
      found.length > 0 ? found : [{ ...home, limits: {} }],
      // As the entry says them: that the server would not start with some of them is no reason not to judge them.
      (limits) => table.routes(app, { ...lowered({}), ...limits }).map(table.factOf),
    )
  )
  if (Result.isFailure(routed)) return Result.fail([(routed.failure as Error).message])
  const serviceOf = (aggregate: string, file: string) => services.ofFile(known, file) || owners.of(aggregate)
  return Result.succeed({
    app: app.name,
    services: known.map(({ hosts: _, outside: _o, text: _t, ...service }) => service),
    ...declared(app, at, home, lock.success, serviceOf),
    imports: imports.across(known, modules, taken, workers, imports.contractsOf(reader, modules, taken)),
    calls: [
      ...calls(reader, owners, modules, workers),
      ...subscriptions(app, reader, owners, modules, home),
    ],
    publishers: serving.publishers(reader, modules, table.routes(app, lowered({})).map(table.factOf), home),
    statements: [
      ...modules.flatMap((module) => [...sql.ofModule(reader, module), ...aws.ofModule(reader, module)]),
      ...[...files].filter(([path]) => /\.sql$/i.test(path)).flatMap(([path, text]) => sql.ofFile(path, text)),
      ...templates,
    ],
    routes: routed.success,
  })
}
