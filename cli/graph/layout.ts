/**
 * Where services and edges of the picture lie: services on an ellipse, edges as curves from box to box.
 *
 * Edges between the same two services bend apart, so that each can be seen and read.
 * @module
 */
import type { Edge, Graph } from "./Graph.ts"

export interface Box {
  readonly name: string
  readonly owns: ReadonlyArray<string>
  /** Of its middle. */
  readonly x: number
  readonly y: number
}

export interface Curve {
  readonly edge: Edge
  /** As SVG writes it. */
  readonly path: string
  /** Of its label. */
  readonly x: number
  readonly y: number
}

export const box = { width: 190, height: 64 }
/** Around the outermost boxes: curves bend outwards, to the sides their labels too. */
const [marginX, marginY] = [90, 40]
/** Between two edges of the same pair, at their tops. */
const apart = 64

/** From the middle of a box in a direction to a little outside its border. */
const border = ({ x, y }: Box, towardsX: number, towardsY: number): readonly [number, number] => {
  const [dx, dy] = [towardsX - x, towardsY - y]
  const scale = Math.min(
    (box.width / 2 + 6) / Math.max(1e-6, Math.abs(dx)),
    (box.height / 2 + 6) / Math.max(1e-6, Math.abs(dy)),
  )
  return [x + dx * scale, y + dy * scale]
}

const round = (value: number): number => Math.round(value * 10) / 10

export const layout = ({ edges, services }: Graph) => {
  const count = services.length
  const [radiusX, radiusY] = [Math.max(300, count * 62), Math.max(190, count * 46)]
  const [width, height] = [2 * (radiusX + box.width / 2 + marginX), 2 * (radiusY + box.height / 2 + marginY)]
  const boxes = services.map(({ name, owns }, index): Box => {
    const angle = -Math.PI / 2 + 2 * Math.PI * index / Math.max(1, count)
    const alone = count === 1 ? 0 : 1
    return {
      name,
      owns,
      x: round(width / 2 + alone * radiusX * Math.cos(angle)),
      y: round(height / 2 + alone * radiusY * Math.sin(angle)),
    }
  })
  const at = (name: string): Box => boxes.find((one) => one.name === name)!
  const pairOf = ({ from, to }: Edge) => JSON.stringify([from, to].toSorted())
  const curves = edges.map((edge): Curve => {
    const siblings = edges.filter((one) => pairOf(one) === pairOf(edge))
    const [a, b] = [at(edge.from), at(edge.to)]
    // The same side for both directions of a pair, so that their bends are counted together.
    const [left, right] = edge.from < edge.to ? [a, b] : [b, a]
    const [dx, dy] = [right.x - left.x, right.y - left.y]
    const length = Math.max(1, Math.hypot(dx, dy))
    const bend = (siblings.indexOf(edge) - (siblings.length - 1) / 2) * apart
    const [middleX, middleY] = [(a.x + b.x) / 2 - dy / length * bend, (a.y + b.y) / 2 + dx / length * bend]
    const [controlX, controlY] = [2 * middleX - (a.x + b.x) / 2, 2 * middleY - (a.y + b.y) / 2]
    const [startX, startY] = border(a, controlX, controlY)
    const [endX, endY] = border(b, controlX, controlY)
    const points = [startX, startY, controlX, controlY, endX, endY].map(round)
    return {
      edge,
      path: `M${points[0]} ${points[1]}Q${points[2]} ${points[3]} ${points[4]} ${points[5]}`,
      x: round((startX + 2 * controlX + endX) / 4),
      y: round((startY + 2 * controlY + endY) / 4),
    }
  })
  return { width: round(width), height: round(height), boxes, curves }
}
