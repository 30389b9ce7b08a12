/**
 * The graph of services as text: Mermaid for a page of Markdown, DOT for Graphviz. What ties services together is red.
 * @module
 */
import { type Edge, type Graph, isWrong, words } from "./Graph.ts"

const red = "#c62828"
/** Names come from source: nothing in them may end a label. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\\n\r<>]/g, " ")}"`
const label = ({ kind, names }: Edge): string => `${words[kind]}: ${names.join(", ")}`

/** Mermaid knows no name in quotes: numbers stand for services. */
export const mermaid = ({ edges, services }: Graph): string => {
  const id = (name: string) => `s${services.findIndex((one) => one.name === name)}`
  const arrow = (edge: Edge) => edge.kind === "contract" ? "-.->" : edge.kind === "event" ? "==>" : "-->"
  return [
    "flowchart LR",
    ...services.map(({ name, owns }) =>
      `  ${id(name)}[${quoted(owns.length === 0 ? name : `${name}: ${owns.join(", ")}`)}]`
    ),
    ...edges.map((edge) => `  ${id(edge.from)} ${arrow(edge)}|${quoted(label(edge))}| ${id(edge.to)}`),
    ...edges.flatMap((edge, index) =>
      isWrong(edge) ? [`  linkStyle ${index} stroke:${red},color:${red},stroke-width:3px`] : []
    ),
    "",
  ].join("\n")
}

export const dot = ({ app, edges, services }: Graph): string =>
  [
    `digraph ${quoted(app)} {`,
    `  rankdir=LR`,
    `  node [shape=box, fontname="sans-serif"]`,
    `  edge [fontname="sans-serif", fontsize=10]`,
    ...services.map(({ name, owns }) =>
      `  ${quoted(name)} [label=${quoted(owns.length === 0 ? name : `${name}: ${owns.join(", ")}`)}]`
    ),
    ...edges.map((edge) => {
      const style = edge.kind === "contract" ? ", style=dashed" : edge.kind === "event" ? ", penwidth=2" : ""
      const color = isWrong(edge) ? `, color="${red}", fontcolor="${red}", penwidth=3` : style
      return `  ${quoted(edge.from)} -> ${quoted(edge.to)} [label=${quoted(label(edge))}${color}]`
    }),
    "}",
    "",
  ].join("\n")
