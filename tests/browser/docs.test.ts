/**
 * The reference page in a real browser: it shows every operation, and asks nobody but its own server.
 * @module
 */
import type { Browser } from "playwright-core"
import { afterAll, assert, it } from "vitest"
import { forget, killAll, start } from "../http/processes.ts"
import * as Chromium from "./chromium.ts"

let browser: Browser | undefined
afterAll(async () => {
  await browser?.close()
  await killAll()
  forget()
})

const name = Chromium.missing === undefined ? "/docs" : `/docs (skipped: ${Chromium.missing})`

it.skipIf(Chromium.missing !== undefined)(`${name} renders, tries a call, and asks no other host`, async () => {
  const server = await start()
  browser = await Chromium.open()
  const page = await browser.newPage()
  const asked: Array<string> = []
  const faults: Array<string> = []
  page.on("request", (request) => void asked.push(request.url()))
  page.on("pageerror", (error) => void faults.push(String(error)))
  // What the page's policy forbids is said here too.
  page.on("console", (message) => void (message.type() === "error" && faults.push(message.text())))
  await page.goto(`${server.url}/docs`)
  const { paths } = await (await fetch(`${server.url}/openapi.json`)).json() as {
    paths: Record<string, Record<string, { summary: string }>>
  }
  for (const { summary } of Object.values(paths).flatMap((path) => Object.values(path))) {
    await page.getByText(summary, { exact: true }).first().waitFor({ state: "attached" })
  }
  await page.getByText("Sends Put to one Box", { exact: true }).first().click()
  await page.getByText("/v1/Box/{id}/commands/Put").first().waitFor()
  await page.getByText("The process runs", { exact: true }).first().click()
  const answered = page.waitForResponse(`${server.url}/health/live`)
  await page.getByRole("button", { name: /execute/i }).first().click()
  assert.strictEqual((await answered).status(), 200)

  assert.deepStrictEqual(faults, [])
  const elsewhere = asked.filter((url) => !url.startsWith(`${server.url}/`) && !url.startsWith("data:"))
  assert.deepStrictEqual(elsewhere, [])
  assert.include(asked, `${server.url}/docs/openapi-explorer.js`)
}, 120_000)
