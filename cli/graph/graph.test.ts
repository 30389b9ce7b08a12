import { assert, describe, it } from "vitest"
import { facts } from "./fixture.ts"
import * as Graph from "./Graph.ts"
import { html } from "./html.ts"
import { layout } from "./layout.ts"
import { dot, mermaid } from "./text.ts"

const graph = Graph.make(facts)
const edges = graph.edges.map(({ from, kind, names, to }) => `${from} ${kind} ${to}: ${names.join()}`)

describe("the graph", () => {
  it("has one edge for each way in which two services meet; events lead to who listens", () => {
    assert.deepStrictEqual(edges, [
      "orders http ?: *",
      "orders ask payments: Payment",
      "orders bus payments: TakePayment",
      "orders internal payments: ../payments/Payment.ts",
      "payments event orders: PaymentTaken,PaymentRefunded",
      "stock contract orders: ../orders/Order.contract.ts",
    ])
    assert.deepStrictEqual(graph.services.map(({ name }) => name), ["orders", "payments", "stock", "?"])
  })
  it("shows in red who waits or reaches inside", () => {
    assert.deepStrictEqual(graph.edges.filter(Graph.isWrong).map(({ kind }) => kind), ["http", "ask", "internal"])
    assert.deepStrictEqual(graph.edges.filter(Graph.isSynchronous).map(({ kind }) => kind), ["http", "ask"])
  })
})

describe("Mermaid and DOT", () => {
  it("draw every service and edge, the wrong ones red", () => {
    const lines = mermaid(graph).split("\n")
    assert.include(lines, `  s0 -->|"asks and waits: Payment"| s1`)
    assert.include(lines, `  s1 ==>|"events: PaymentTaken, PaymentRefunded"| s0`)
    assert.deepStrictEqual(lines.flatMap((line) => /linkStyle (\d)/.exec(line)?.[1] ?? []), ["0", "1", "3"])
    const drawn = dot(graph).split("\n")
    assert.strictEqual(drawn.filter((line) => line.includes("->")).length, graph.edges.length)
    assert.strictEqual(drawn.filter((line) => line.includes("#c62828")).length, 3)
  })
  it("let no name end its label", () => {
    const evil = Graph.make({ ...facts, app: `a"] click x`, services: [{ ...facts.services[0]!, owns: [`A"]; x["`] }] })
    assert.match(mermaid({ ...evil, edges: [] }), /^flowchart LR\n {2}s0\["orders: A \]; x\[ "\]\n {2}s1/)
    assert.match(dot({ ...evil, edges: [] }), /^digraph "a \] click x" \{$/m)
  })
})

describe("the picture", () => {
  it("is one page without scripts or addresses, in which names are text", () => {
    const page = html(graph)
    assert.include(page, "&lt;shop&gt; &amp; &quot;co&quot;")
    assert.notMatch(page, /<script|<shop|https?:\/\/|src=|@import|url\((?!#)/)
  })
  it("keeps boxes apart and every curve inside, for one service and for thirty", () => {
    for (const count of [1, 2, 4, 30]) {
      const services = Array.from({ length: count }, (_, index) => ({ name: `s${index}`, owns: [] }))
      const all = services.map(({ name }, index) => ({
        ...{ from: name, to: services[(index + 1) % count]!.name, kind: "ask" as const, names: ["A"], places: [] },
      }))
      const { boxes, curves, height, width } = layout({ app: "a", services, edges: count === 1 ? [] : all })
      for (const { x, y } of [...boxes, ...curves]) assert.isTrue(x > 0 && y > 0 && x < width && y < height)
      for (const [index, a] of boxes.entries()) {
        for (const b of boxes.slice(index + 1)) {
          assert.isTrue(Math.abs(a.x - b.x) > 190 || Math.abs(a.y - b.y) > 64, `${count}: ${a.name} hides ${b.name}`)
        }
      }
    }
  })
})
