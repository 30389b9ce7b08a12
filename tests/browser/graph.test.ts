/**
 * The picture of services in a real browser: it asks nobody, shows in red what waits in light and dark, and can be walked
 * through by keyboard.
 * @module
 */
import type { Browser } from "playwright-core"
import { afterAll, assert, it } from "vitest"
import { facts } from "../../cli/graph/fixture.ts"
import * as Graph from "../../cli/graph/Graph.ts"
import { html } from "../../cli/graph/html.ts"
import * as Chromium from "./chromium.ts"

let browser: Browser | undefined
afterAll(() => browser?.close())

const name = Chromium.missing === undefined ? "the graph" : `the graph (skipped: ${Chromium.missing})`
const graph = Graph.make(facts)

/** Of WCAG: 1 to 21. */
const contrast = (a: string, b: string): number => {
  const light = (color: string) => {
    const parts = /(\d+), (\d+), (\d+)/.exec(color)!.slice(1).map((part) => Number(part) / 255)
      .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0]! + 0.7152 * parts[1]! + 0.0722 * parts[2]!
  }
  const [high = 0, low = 0] = [light(a), light(b)].toSorted((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

it.skipIf(Chromium.missing !== undefined)(`${name} can be seen in both schemes, and read without a mouse`, async () => {
  browser = await Chromium.open()
  const grounds = new Set<string>()
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({ colorScheme })
    const heard: Array<string> = []
    page.on("request", (request) => void heard.push(request.url()))
    page.on("pageerror", (error) => void heard.push(String(error)))
    page.on("console", (message) => void heard.push(message.text()))
    await page.setContent(html(graph))
    const read = (selector: string, property: string) =>
      page.locator(selector).evaluateAll(
        (found, property) =>
          found.map((one) =>
            (globalThis as never as { getComputedStyle: (e: unknown) => Record<string, string> })
              .getComputedStyle(one)[property]!
          ),
        property,
      )
    const [ground = ""] = await read("body", "backgroundColor")
    grounds.add(ground)
    const wrong = await read(".edge.wrong path", "stroke")
    assert.strictEqual(wrong.length, graph.edges.filter(Graph.isWrong).length)
    for (const color of wrong) {
      const [red = 0, green = 0, blue = 0] = /(\d+), (\d+), (\d+)/.exec(color)!.slice(1).map(Number)
      assert.isTrue(red > 1.5 * green && red > 1.5 * blue, `${color} is red`)
    }
    const lines = [...wrong, ...await read(".edge:not(.wrong) path", "stroke")]
    for (const color of lines) assert.isAbove(contrast(color, ground), 3)
    const texts = [...await read(".edge text", "fill"), ...await read("td, p", "color")]
    for (const color of texts) assert.isAbove(contrast(color, ground), 4.5)

    const walked: Array<string> = []
    for (let i = 0; i < graph.edges.length + graph.services.length; i++) {
      await page.keyboard.press("Tab")
      walked.push(await page.evaluate("document.activeElement.getAttribute('aria-label')"))
    }
    assert.include(walked, "orders asks and waits: Payment, payments")
    assert.include(walked, "orders listens to PaymentTaken, PaymentRefunded of payments")
    assert.include(walked, "service payments, owns Payment")
    assert.strictEqual(new Set(walked).size, walked.length)
    assert.deepStrictEqual(heard, [])
    await page.close()
  }
  assert.strictEqual(grounds.size, 2)
}, 120_000)
