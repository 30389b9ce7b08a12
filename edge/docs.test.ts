import { Effect } from "effect"
import { assert, it } from "vitest"
import type { Call } from "./route.ts"
import * as docs from "./docs.ts"

const answers = (title: string, renderer: docs.Renderer = () => Promise.resolve("script")) =>
  docs.routes(title, ["openapi.json", "asyncapi.json"], renderer).map(({ handle, path }) => ({
    path,
    get: () =>
      Effect.runPromise(handle({} as Call) as unknown as Effect.Effect<{ body: string | null; headers: object }>),
  }))

it("routes() serve a page that names its script and documents relatively, and runs nothing inline", async () => {
  const [page] = answers("boxes")
  assert.strictEqual(page!.path, "/docs")
  const { body, headers } = await page!.get()
  const html = body!
  assert.deepStrictEqual([...html.matchAll(/(?:src|href|spec-url)="([^"]*)"/g)].map(([, url]) => url), [
    ...["data:,", "docs/openapi-explorer.js", "openapi.json", "openapi.json", "asyncapi.json"],
  ])
  assert.notMatch(html, /<script[^>]*>[^<]|\son\w+=|javascript:|https?:/)
  const policy = (headers as Record<string, string>)["content-security-policy"]!
  assert.match(policy, /^default-src 'none'; script-src 'self';/)
  assert.notMatch(policy, /unsafe-eval|script-src[^;]*unsafe|\*|https?:/)
})

it("routes() escape the application's name", async () => {
  const { body } = await answers(`<script>"&`)[0]!.get()
  assert.include(body!, "<title>&#60;script&#62;&#34;&#38;: API reference</title>")
})

it("routes() ask for the renderer once, and not before it is wanted", async () => {
  let asked = 0
  const [, script] = answers("boxes", () => Promise.resolve(`script ${++asked}`))
  assert.strictEqual(asked, 0)
  for (let i = 0; i < 2; i++) assert.strictEqual((await script!.get()).body, "script 1")
})

it("routes() ask for the renderer again where it could not be had", async () => {
  let asked = 0
  const [, script] = answers(
    "boxes",
    () => ++asked === 1 ? Promise.reject(new Error("busy")) : Promise.resolve("script"),
  )
  assert.strictEqual(await script!.get().catch(() => "refused"), "refused")
  assert.strictEqual((await script!.get()).body, "script")
})
