/**
 * The graph of services as one page that needs nothing else: no script, no network; for light and dark, eye and keyboard.
 * @module
 */
import { type Edge, type Graph, isSynchronous, isWrong, type Kind, words } from "./Graph.ts"
import { box, layout } from "./layout.ts"

/** Names come from source and from manifests. */
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const style = `
:root { color-scheme: light dark; --ground: #ffffff;
  --ink: #1b1f24; --soft: #5b6470; --line: #3f6ea8; --box: #eef3fa; --red: #c62828 }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171b; --ink: #e8ebef; --soft: #a4adb8; --line: #8ab4e8; --box: #222a35; --red: #ff7b72 }
}
body { background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
h1 { font-size: 1.4rem; margin: 0 0 .25rem } p { color: var(--soft); margin: 0 0 1rem }
.wide { overflow-x: auto } svg { width: 100%; min-width: 44rem; height: auto }
svg text { fill: var(--ink); font-size: 14px; text-anchor: middle }
.service rect { fill: var(--box); stroke: var(--line); stroke-width: 1.5 } .service .name { font-weight: 600; font-size: 16px }
.service .owns { fill: var(--soft); font-size: 13px }
.edge path { fill: none; stroke: var(--line); stroke-width: 2 } .edge text { paint-order: stroke; stroke: var(--ground); stroke-width: 5px }
.bus path { stroke-dasharray: 8 4 } .contract path { stroke: var(--soft); stroke-dasharray: 2 4; stroke-width: 1.5 }
.wrong path { stroke: var(--red); stroke-width: 3.5 } .wrong text { fill: var(--red); font-weight: 600 }
marker path { fill: var(--line) } #soft path { fill: var(--soft) } #red path { fill: var(--red) }
[tabindex]:focus { outline: none }
[tabindex]:focus rect, [tabindex]:focus path { stroke-width: 5 }
[tabindex]:focus text { text-decoration: underline }
table { border-collapse: collapse; width: 100% } caption { text-align: left; font-weight: 600; padding: 1rem 0 .25rem }
th, td { border-top: 1px solid var(--soft); padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top }
tr.wrong td { color: var(--red) }
`

const legend: ReadonlyArray<Kind> = ["event", "bus", "contract", "ask", "http", "internal"]
/** Red is said before. */
const strokes: { readonly [kind in Kind]?: string } = { event: "solid", bus: "dashed", contract: "dotted" }
const legendOf = (kind: Kind): string => `${words[kind]}${strokes[kind] === undefined ? "" : ` (${strokes[kind]})`}`
const classOf = (edge: Pick<Edge, "kind">): string => `${edge.kind}${isWrong(edge) ? " wrong" : ""}`
const markerOf = (edge: Edge): string => isWrong(edge) ? "red" : edge.kind === "contract" ? "soft" : "ink"

/** A label holds two names: the table below has all. */
const namesShown = 2
const labelOf = ({ kind, names }: Edge): string => {
  if (kind === "contract" || kind === "internal") return kind
  const more = names.length - namesShown
  return `${isSynchronous({ kind }) ? `${kind}: ` : ""}${names.slice(0, namesShown).join(", ")}${
    more > 0 ? ` +${more}` : ""
  }`
}
const sentenceOf = ({ from, kind, names, to }: Edge): string =>
  kind === "event"
    ? `${to} listens to ${names.join(", ")} of ${from}`
    : `${from} ${kind === "bus" ? "sends" : words[kind]}: ${names.join(", ")}, ${to}`

const marker = (id: string) =>
  `<marker id="${id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" ` +
  `markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z"/></marker>`

const picture = (graph: Graph): string => {
  const { boxes, curves, height, width } = layout(graph)
  const edges = curves.map(({ edge, path, x, y }) =>
    `<g class="edge ${classOf(edge)}" tabindex="0" role="img" aria-label="${escape(sentenceOf(edge))}"><title>${
      escape(sentenceOf(edge))
    }</title><path d="${path}" marker-end="url(#${markerOf(edge)})"/><text x="${x}" y="${y + 5}">${
      escape(labelOf(edge))
    }</text></g>`
  )
  const services = boxes.map(({ name, owns, x, y }) =>
    `<g class="service" tabindex="0" role="img" aria-label="${
      escape(`service ${name}, owns ${owns.join(", ") || "nothing"}`)
    }">` +
    `<rect x="${x - box.width / 2}" y="${y - box.height / 2}" width="${box.width}" height="${box.height}" rx="8"/>` +
    `<text class="name" x="${x}" y="${y - 4}">${escape(name)}</text><text class="owns" x="${x}" y="${y + 18}">${
      escape(owns.join(", "))
    }</text></g>`
  )
  return `<svg viewBox="0 0 ${width} ${height}" role="group" aria-label="Services and what passes between them"><defs>${
    ["ink", "soft", "red"].map(marker).join("")
  }</defs>\n${[...edges, ...services].join("\n")}\n</svg>`
}

const row = (edge: Edge): string => {
  const cells = [
    edge.from,
    words[edge.kind],
    edge.to,
    edge.names.join(", "),
    edge.places.map(({ file, line }) => `${file}:${line}`).join(", "),
  ]
  return `<tr class="${classOf(edge)}">${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`
}

export const html = (graph: Graph): string => {
  const wrong = graph.edges.filter(isWrong).length
  const said = wrong === 0
    ? "No service waits for another."
    : `${wrong} ${wrong === 1 ? "edge ties" : "edges tie"} services together: shown in red.`
  const shown = legend.filter((kind) => graph.edges.some((edge) => edge.kind === kind))
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Services of ${escape(graph.app)}</title><style>${style}</style></head><body><main>
<h1>Services of ${escape(graph.app)}</h1>
<p>${said} Lines: ${shown.map(legendOf).join(", ") || "none"}. Arrows lead to who receives.</p>
<div class="wide">${picture(graph)}</div>
<div class="wide"><table><caption>All edges, with the places that make them</caption>
<thead><tr>${["From", "How", "To", "What", "Where"].map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
<tbody>
${graph.edges.map(row).join("\n")}
</tbody></table></div>
</main></body></html>
`
}
