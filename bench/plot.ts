/**
 * The plot of the speeds as SVG: a bar a subject, a group a workload, a logarithmic axis, readable on light and dark.
 * @module
 */
import { figure, median } from "./Figures.ts"
import { guarantees } from "./registry.ts"
import type { Result } from "./Result.ts"

const left = 120
const barWidth = 560
const rowHeight = 18
const groupGap = 34
const top = 60
/** The axis: 10 to a million a second. */
const [low, high] = [1, 6] as const

const shown = ["W1", "W2", "W3", "http"]

const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .head { font-weight: 600 }
  .soft { fill: #59636e }
  .line { stroke: #d1d9e0 }
  .nexus { fill: #0969da }
  .durable { fill: #1a7f37 }
  .volatile { fill: #bf8700 }
  .limit { fill: #818b98 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .soft { fill: #9198a1 }
    .line { stroke: #3d444d }
    .nexus { fill: #4493f8 }
    .durable { fill: #3fb950 }
    .volatile { fill: #d29922 }
    .limit { fill: #6e7681 }
  }`

/** An entity answers after its fsync, whatever its mailbox is. */
const kindOf = (subject: string): string => {
  const says = guarantees[subject] ?? ""
  if (subject === "nexus") return "nexus"
  if (subject === "entity" || says.startsWith("durable")) return "durable"
  return says.startsWith("volatile") ? "volatile" : "limit"
}

const legend = [["nexus", "Nexus"], ["durable", "durable"], ["volatile", "volatile"], [
  "limit",
  "limit: nothing decided",
]]

const x = (perSecond: number): number => {
  const share = (Math.log10(Math.max(perSecond, 10 ** low)) - low) / (high - low)
  return Number((Math.min(1, share) * barWidth).toFixed(1))
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const bars = (result: Result, y: number): ReadonlyArray<string> => {
  const subjects = [...new Set(result.rounds.flatMap(Object.keys))].map((name) => ({
    name,
    speed: median(result.rounds.flatMap((round) => round[name]?.["perSecond"] ?? [])),
  })).sort((a, b) => b.speed - a.speed)
  return [
    `<text class="head" x="0" y="${y}">${escape(`${result.workload}: ${result.says}`)}</text>`,
    ...subjects.flatMap(({ name, speed }, n) => {
      const at = y + 8 + n * rowHeight
      return [
        `<text x="${left - 8}" y="${at + 12}" text-anchor="end">${escape(name)}</text>`,
        `<rect class="${kindOf(name)}" x="${left}" y="${at + 2}" width="${x(speed)}" height="${
          rowHeight - 5
        }" rx="2"/>`,
        `<text class="soft" x="${left + x(speed) + 6}" y="${at + 12}">${figure(speed)}</text>`,
      ]
    }),
  ]
}

export const plot = (results: ReadonlyArray<Result>): string => {
  const groups = results.filter(({ workload }) => shown.includes(workload))
  const parts: Array<string> = []
  let y = top
  for (const group of groups) {
    parts.push(...bars(group, y))
    y += new Set(group.rounds.flatMap(Object.keys)).size * rowHeight + groupGap
  }
  const ticks = Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n))
  const width = left + barWidth + 80
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img">`,
    "<title>Commands per second by workload and subject, logarithmic</title>",
    `<style>${style}\n</style>`,
    ...legend.flatMap(([kind, says], n) => [
      `<rect class="${kind}" x="${left + n * 110}" y="4" width="12" height="12" rx="2"/>`,
      `<text x="${left + n * 110 + 18}" y="14">${says}</text>`,
    ]),
    ...ticks.flatMap((tick) => [
      `<line class="line" x1="${left + x(tick)}" x2="${left + x(tick)}" y1="40" y2="${y - 16}"/>`,
      `<text class="soft" x="${left + x(tick)}" y="34" text-anchor="middle">${tick.toLocaleString("en-GB")}</text>`,
    ]),
    ...parts,
    "</svg>",
    "",
  ].join("\n")
}
