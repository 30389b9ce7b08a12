/**
 * `nexus policies …`: what the architecture policies judge, what they find, and a picture of who talks to whom.
 * @module
 */
import { Array as Arrays, Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import type { Finding } from "../policies/Facts.ts"
import * as files from "./facts/files.ts"
import { load } from "./facts/load.ts"
import * as Graph from "./graph/Graph.ts"
import { html } from "./graph/html.ts"
import { dot, mermaid } from "./graph/text.ts"
import { judge } from "./judge.ts"
import { bare, colored, type Paint, plain } from "./paint.ts"
import { plural } from "./schemas/text.ts"
import { application, failed, type Input, type Option, type Verb, wrong } from "./Verb.ts"

const source: { readonly [name: string]: Option } = {
  ...application,
  template: { help: "Templates of CloudFormation in JSON, separated by commas", value: "FILES" },
}

const factsOf = (input: Input) =>
  Effect.flatMap(
    input.app,
    (app) => load(app, input.option("app")!, input.option("template")?.split(",").filter((file) => file !== "") ?? []),
  )

export const policiesFacts: Verb = {
  name: "policies facts",
  help: "Print what the policies judge, read from source, manifests, lock and routes",
  options: source,
  notes: "The text is JSON over many lines, with --json in one.",
  run: Effect.fnUntraced(function* (input) {
    const facts = yield* factsOf(input)
    yield* input.print(JSON.stringify(facts, null, 2), facts)
    return 0
  }),
}

/** A name or a sentence of a policy, never able to steer a terminal. */
const line = (text: string): string => bare(text).replaceAll('\\"', '"')

const headOf = (root: string, paint: Paint, { file, line: at, policy, rule }: Finding): string =>
  `${paint.strong(`${line(files.shown(root, file))}:${at}`)} ${paint.removed(`${line(policy)}/${line(rule)}`)}`

/** What one place breaks in several ways that are mended together stands together: a limit of six routes, say. */
const findingsText = (root: string, paint: Paint, findings: ReadonlyArray<Finding>): string => {
  const groups = Arrays.groupBy(findings, (one) => `${headOf(root, plain, one)}\n${one.repair}`)
  return Object.values(groups).map((group) =>
    [
      headOf(root, paint, group[0]),
      ...group.map(({ why }) => `  ${line(why)}`),
      `  ${paint.added("repair:")} ${line(group[0].repair)}`,
    ].join("\n")
  ).join("\n\n")
}

export const policiesCheck: Verb = {
  name: "policies check",
  help: "Judge the application by the policies, Nexus's and its own; exit code 1 where one is broken",
  options: source,
  notes: "The policies of Nexus: services are decoupled, stored events are never changed, every event is locked,\n" +
    "registered and validated, questions after the past are limited. Your own are policies/bundle.wasm beside the\n" +
    "application, made by `nexus policies build`. Exit code 2: the application cannot be read.",
  run: Effect.fnUntraced(function* (input) {
    const facts = yield* factsOf(input)
    const { bundles, findings } = yield* judge(facts, input.option("app")!)
    const { root } = files.homeOf(input.option("app")!)
    const ok = findings.length === 0
    const paint = input.color ? colored : plain
    const { aggregates, events, publishers, routes, services } = facts
    const seen = [
      plural(services.length, "service"),
      plural(aggregates.length, "aggregate"),
      plural(events.length, "event version"),
      `${publishers.length} ways to store`,
      plural(routes.length, "route"),
    ].join(", ")
    const count = plural(findings.length, "violation")
    const text = ok
      ? `ok: ${facts.app} keeps the policies (${seen})`
      : `${findingsText(root, paint, findings)}\n\nbad: ${count} of policies in ${facts.app}`
    yield* input.print(text, { ok, app: facts.app, bundles, findings })
    return ok ? 0 : 1
  }),
}

const formats: { readonly [name: string]: (graph: Graph.Graph) => string } = { mermaid, dot, html }

export const policiesGraph: Verb = {
  name: "policies graph",
  help: "Draw which service sends what to which, and in red who waits for whom",
  options: {
    ...source,
    format: { help: Object.keys(formats).join(", "), value: "FORMAT", default: "mermaid" },
    out: { help: "Write to this file instead of standard output", value: "FILE" },
  },
  run: Effect.fnUntraced(function* (input) {
    const format = input.option("format")!
    const draw = Object.hasOwn(formats, format) ? formats[format] : undefined
    if (draw === undefined) {
      const message = `--format is one of ${Object.keys(formats).join(", ")}, not "${format}"`
      return yield* wrong(message)
    }
    const graph = Graph.make(yield* factsOf(input))
    const text = draw(graph)
    const out = input.option("out")
    if (out === undefined) {
      yield* input.print(text.trimEnd(), graph)
      return 0
    }
    yield* Effect.try({
      try: () => {
        mkdirSync(dirname(out), { recursive: true })
        writeFileSync(out, text)
      },
      catch: (error) => failed(`cannot write ${out}: ${(error as Error).message}`),
    })
    const [services, edges] = [graph.services.length, graph.edges.length]
    yield* input.print(
      `wrote ${out}: ${plural(services, "service")}, ${plural(edges, "edge")}, ${
        graph.edges.filter(Graph.isWrong).length
      } in red`,
      {
        ...{ out, services, edges, red: graph.edges.filter(Graph.isWrong).length },
      },
    )
    return 0
  }),
}
