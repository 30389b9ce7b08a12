/**
 * Who may import whom, as data: zones by path, the rules over them, and the entries where platforms and adapters are chosen.
 *
 * The first zone whose `at` fits a path is its zone; a path without one may import anything.
 * @module
 */
import { posix } from "node:path"
import { dotted, exportsOf, literal, type Source, sourcesOf, type Tree } from "./source.ts"

export const isTest = (path: string): boolean => /\.(test|types)\.ts$/.test(path)
/** The folder of an application as a user writes it: an example, or what `nexus init` copies. */
const applicationOf = (path: string) => /^(examples\/[^/]+|cli\/template)(?=\/)/.exec(path)?.[0]
/** Its files that start something; the others are as a user's own contracts and behaviour. */
export const isExampleEntry = (path: string): boolean =>
  applicationOf(path) !== undefined && /^(main|worker|demo[^/]*)\.ts$/.test(posix.basename(path))

interface Zone {
  readonly at: RegExp
  /** Folders, and files, it may import from, its own included; adapters only where named. */
  readonly may: ReadonlyArray<string>
  readonly packages: ReadonlyArray<string>
  /** Folders and packages of which it may import types alone, tests apart. */
  readonly types?: ReadonlyArray<string>
}

const inward = { schemas: ["schemas"], core: ["schemas", "core"], runtime: ["schemas", "core", "runtime"] }
const edge = [...inward.runtime, "edge"]
const adapters = ["runtime/adapters", "policies"]

const zones: ReadonlyArray<Zone> = [
  { at: /^edge\/(deno|registries|stores)\.ts$/, may: [...edge, ...adapters], packages: ["effect"] },
  { at: /^cli\/verbs\.ts$/, may: [...edge, ...adapters, "cli"], packages: ["effect"] },
  { at: /^schemas\//, may: inward.schemas, packages: ["effect", "re2js"] },
  { at: /^core\//, may: inward.core, packages: ["effect", "@noble/hashes"] },
  { at: /^runtime\/adapters\/node\//, may: inward.runtime, packages: ["effect", "ws"] },
  {
    at: /^runtime\/adapters\/dynamodb\//,
    may: [...inward.runtime, "runtime/adapters/aws"],
    packages: ["effect", "@aws-sdk/client-dynamodb", "@aws-sdk/client-dynamodb-streams"],
  },
  {
    at: /^runtime\/adapters\/aws\//,
    may: [...inward.runtime, "runtime/adapters/aws"],
    packages: ["effect", "@aws-sdk/client-sns", "@aws-sdk/client-sqs"],
  },
  {
    at: /^runtime\/adapters\/kinesis\//,
    may: [...inward.runtime, "runtime/adapters/aws"],
    packages: ["effect", "@aws-sdk/client-kinesis"],
  },
  {
    at: /^runtime\/adapters\/sns-sqs\//,
    may: [...inward.runtime, "runtime/adapters/aws"],
    packages: ["effect", "@aws-sdk/client-sns", "@aws-sdk/client-sqs"],
  },
  { at: /^runtime\/adapters\/glue\//, may: inward.runtime, packages: ["effect", "@aws-sdk/client-glue"] },
  { at: /^runtime\//, may: inward.runtime, packages: ["effect"] },
  { at: /^edge\/client\//, may: ["edge/client"], packages: [], types: ["schemas", "effect"] },
  { at: /^edge\//, may: edge, packages: ["effect", "hono", "jose"] },
  { at: /^cli\/template\//, may: ["cli/template"], packages: ["effect"] },
  { at: /^cli\//, may: [...edge, "policies", "cli"], packages: ["effect", "oxc-parser"] },
  {
    at: /^policies\//,
    may: [...inward.core, "runtime/Defect.ts", "runtime/exchange.ts", "policies"],
    packages: ["effect", "@open-policy-agent/opa-wasm"],
  },
  {
    at: /^testing\/vitest\.ts$/,
    may: [...inward.runtime, "testing"],
    packages: ["effect", "@effect/vitest"],
  },
  // The simulation drives sessions of the stream and the enforcer, which know no socket and no HTTP.
  {
    at: /^testing\//,
    may: [...inward.runtime, "testing", "edge/stream", "edge/permit.ts", "policies"],
    packages: ["effect"],
  },
  { at: /^infra\//, may: ["infra"], packages: [] },
  { at: /^examples\//, may: ["examples"], packages: ["effect"] },
]

/** Paths that may name a platform (`node:`, `cloudflare:`, `Deno`, `process`). */
const platformAt = [
  /^(runtime\/adapters|infra|bench|tests)\//,
  /^cli\/(?!template\/)/,
  /^edge\/deno\.ts$/,
  /^testing\/(sim|deno|vitest|unhooked)\.ts$/,
  /\.test\.ts$/,
  /^[^/]+\.ts$/,
]

/** Paths that may provide requirements and run effects. */
const composesAt = [
  /^(infra|bench|tests|testing)\//,
  /^cli\/(?!template\/)/,
  /^edge\/(deno|run)\.ts$/,
  /\.(test|laws)\.ts$/,
]

const within = (folder: string, path: string) => path.startsWith(`${folder}/`)
/** `runtime/adapters/sqlite` for what lies below it. */
const adapterOf = (path: string) => /^runtime\/adapters\/[^/]+/.exec(path)?.[0]

const mayImport = (zone: Zone, from: string, to: string): boolean => {
  const adapter = adapterOf(to)
  if (isTest(from) && [posix.dirname(from), "testing", "tests"].some((folder) => within(folder, to))) return true
  if (adapter === undefined) return zone.may.some((place) => place === to || within(place, to))
  return adapterOf(from) === adapter ||
    zone.may.some((folder) => within("runtime/adapters", `${folder}/`) && within(folder, to))
}

const packageOf = (specifier: string) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")

const zoneOf = (path: string) => zones.find(({ at }) => at.test(path))

const wrongImport = (tree: Tree, { imports, path: from }: Source): ReadonlyArray<string> => {
  const zone = zoneOf(from)
  return imports.flatMap(({ path: to, specifier, typeOnly }) => {
    if (to !== undefined && tree[to] === undefined) return [`${from} imports ${specifier}, which does not exist`]
    if (zone === undefined || /^(node|cloudflare):/.test(specifier)) return []
    const named = !specifier.startsWith(".")
    const types = typeOnly || isTest(from) ? zone.types ?? [] : []
    if (types.some((one) => to === undefined ? one === packageOf(specifier) : !named && within(one, to))) return []
    if (to === undefined) {
      const fine = zone.packages.includes(packageOf(specifier)) || (isTest(from) && /vitest$/.test(specifier))
      return fine ? [] : [`${from} imports the package ${specifier}`]
    }
    const own = applicationOf(from)
    if (own !== undefined) {
      const adapter = adapterOf(to) !== undefined && !isExampleEntry(from) && !isTest(from)
      return (named ? !adapter : within(own, to))
        ? []
        : [`${from} imports ${specifier}: examples use public exports only`]
    }
    if (named) return [`${from} imports ${specifier}: inside the package imports are relative`]
    return mayImport(zone, from, to) ? [] : [`${from} imports ${to}`]
  })
}

export const importDirections = (tree: Tree): ReadonlyArray<string> =>
  sourcesOf(tree).flatMap((source) => wrongImport(tree, source))

/** A pattern for each of its alternatives: one that fits nothing is found beside those that do. */
const apart = (at: RegExp): ReadonlyArray<RegExp> => {
  const [group, choices = ""] = /\((?!\?)([^()]+)\)/.exec(at.source) ?? []
  if (group === undefined) return [at]
  return choices.split("|").flatMap((one) => apart(new RegExp(at.source.replace(group, () => `(?:${one})`))))
}

/** The places above where no file is, and the packages that no file there imports. */
export const idle = (tree: Tree): ReadonlyArray<string> => {
  const sources = sourcesOf(tree)
  const places = [...zones.map(({ at }) => at), ...platformAt, ...composesAt].flatMap(apart)
  const imported = new Set(
    sources.flatMap(({ imports, path }) =>
      imports.map(({ specifier }) => `${zoneOf(path)?.at}: ${packageOf(specifier)}`)
    ),
  )
  return [
    ...places.filter((at) => !sources.some(({ path }) => at.test(path))).map((at) => `no file is at ${at.source}`),
    ...zones.flatMap(({ at, packages }) =>
      packages.map((name) => `${at}: ${name}`).filter((one) => !imported.has(one))
    ),
  ]
}

const platformGlobals = new Set(["Deno", "process", "Buffer", "Bun", "require", "__dirname", "__filename"])

const bindings = new Set(["id", "local", "params", "param", "elements"])

/** The global names in use: not the property of something else, and not declared anywhere in the file. */
export const globals = (source: Source): ReadonlyArray<string> => {
  const [used, declared] = [new Set<string>(), new Set<string>()]
  for (const { key, node, parent } of source.nodes) {
    const values = node.type === "ObjectPattern" ? node["properties"] as ReadonlyArray<Record<string, unknown>> : []
    for (const { value } of values) declared.add(dotted(value) ?? "")
    if (node.type !== "Identifier") continue
    const isProperty = key === "property" && parent?.["computed"] === false
    const isKey = key === "key" && parent?.["computed"] === false && parent["shorthand"] !== true
    if (bindings.has(key)) declared.add(node["name"] as string)
    else if (!isProperty && !isKey && key !== "exported") used.add(node["name"] as string)
  }
  return [...used].filter((name) => !declared.has(name))
}

export const platforms = (tree: Tree): ReadonlyArray<string> =>
  sourcesOf(tree).filter(({ path }) => !isExampleEntry(path) && !platformAt.some((at) => at.test(path))).flatMap((
    source,
  ) =>
    [
      ...source.imports.map(({ specifier }) => specifier).filter((specifier) => /^(node|cloudflare):/.test(specifier)),
      ...globals(source).filter((name) => platformGlobals.has(name)),
    ].map((what) => `${source.path} names the platform: ${what}`)
  )

/** The `…With` variants are free: they run in a context that was asked for, so the requirement stays visible. */
const composing = /^(Effect\.(provide|run(Promise|PromiseExit|Sync|SyncExit|Fork|Callback))|ManagedRuntime\.make)$/

export const composition = (tree: Tree): ReadonlyArray<string> =>
  sourcesOf(tree).filter(({ path }) => !isExampleEntry(path) && !composesAt.some((at) => at.test(path))).flatMap((
    source,
  ) =>
    source.nodes.flatMap(({ node }) => {
      const name = dotted(node) ?? ""
      return composing.test(name) ? [`${source.path} uses ${name} outside the composition roots`] : []
    })
  )

/** What starts without being imported. */
const rootsOf = (tree: Tree): ReadonlyArray<string> => {
  const said = ["deno.json", ".ci/run"].flatMap((file) => tree[file]?.match(/[\w./-]+\.ts/g) ?? [])
  const workers = Object.keys(tree).filter((path) => path.endsWith("wrangler.toml")).flatMap((path) =>
    [...(tree[path] ?? "").matchAll(/^main = "(.+)"$/gm)].map(([, main]) => posix.join(posix.dirname(path), main ?? ""))
  )
  const exported = Object.values(exportsOf(tree, "package.json"))
  const alone = Object.keys(tree).filter((path) =>
    isTest(path) || isExampleEntry(path) || /\.(d|config)\.ts$/.test(path)
  )
  return [...said, ...workers, ...exported, ...alone].map((path) => posix.normalize(path))
}

/** A module is reached by an import, or by its path in a string (a worker, a child process). */
export const unreached = (tree: Tree): ReadonlyArray<string> => {
  const sources = new Map(sourcesOf(tree).map((source) => [source.path, source]))
  const seen = new Set<string>()
  const visit = (path: string): void => {
    const source = sources.get(path)
    if (source === undefined || seen.has(path)) return
    seen.add(path)
    for (const next of source.imports) if (next.path !== undefined) visit(next.path)
    for (const text of source.strings.filter((one) => one.endsWith(".ts"))) {
      visit(posix.normalize(text))
      visit(posix.join(posix.dirname(path), text))
    }
  }
  rootsOf(tree).forEach(visit)
  return [...sources.keys()].filter((path) => !seen.has(path)).map((path) => `${path} is reached by nothing`)
}

/** What names a class; of a service's key that is the last segment. `OldX` may be an older contract's `X`, kept beside it. */
const tagged =
  /^((\w+\.)?(Command|Rejection)|(\w+\.)?Event\.v1|(\w+\.)?Contract\.make|Schema\.(Tagged\w+|Class|ErrorClass)|Context\.Service)$/

interface Tag {
  readonly tag: string | undefined
  readonly self: string | undefined
}

/** Looks through `.v2(…)`, `.secondary` and `<Self>()` for the call that names the class. */
const tagOf = (node: unknown): Tag | undefined => {
  const call = node as Record<string, unknown> | undefined
  if (call?.["type"] === "MemberExpression") return tagOf(call["object"])
  if (call?.["type"] !== "CallExpression") return undefined
  const first = literal((call["arguments"] as ReadonlyArray<unknown>)[0])
  if (!tagged.test(dotted(call["callee"]) ?? "")) {
    const inner = tagOf(call["callee"])
    return inner === undefined ? undefined : { ...inner, tag: inner.tag ?? first }
  }
  const types = call["typeArguments"] as { params: ReadonlyArray<{ typeName?: unknown }> } | null
  return { tag: first, self: dotted(types?.params[0]?.typeName) }
}

export const classNames = (tree: Tree): ReadonlyArray<string> =>
  sourcesOf(tree).filter(({ path }) => !isTest(path)).flatMap(({ nodes, path }) =>
    nodes.filter(({ node }) => node.type === "ClassDeclaration").flatMap(({ node }) => {
      const name = dotted(node["id"])
      const { self, tag } = tagOf(node["superClass"]) ?? { tag: undefined, self: undefined }
      return [tag?.split("/").at(-1), self].filter((one) => one !== undefined && one !== name && `Old${one}` !== name)
        .map((one) => `${path}: class ${name} calls itself ${one}`)
    })
  )
