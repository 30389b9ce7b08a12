/**
 * The rendered API reference: one page, one script, both from here. The page asks no other host and runs nothing inline.
 * @module
 */
import { Effect, Schema } from "effect"
import { get } from "./operations.ts"
import type { Answer } from "./refuse.ts"
import type { Route } from "./route.ts"

/** The text of the renderer's script, `openapi-explorer.min.js`; asked for when the first page is, until it was had once. */
export type Renderer = () => Promise<string>

/** What the page may do. Styles stand in the renderer's elements as attributes; its icons are data. */
const policy = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'unsafe-inline'", "connect-src 'self'", "img-src data:"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ")

const escaped = (text: string): string => text.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`)

/** Addresses are relative, so that it stands behind a prefix too. */
const page = (title: string, documents: ReadonlyArray<string>): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}: API reference</title>
<link rel="icon" href="data:,">
<script type="module" src="docs/openapi-explorer.js"></script>
</head>
<body style="margin: 0">
<openapi-explorer spec-url="openapi.json" show-components="true" hide-server-selection="true">
<nav slot="overview">${documents.map((name) => `<a href="${name}">${name}</a>`).join(" · ")}</nav>
</openapi-explorer>
</body>
</html>
`

const answer = (type: string, body: string, more: Answer["headers"] = {}): Answer => ({
  status: 200,
  headers: { "content-type": `${type}; charset=utf-8`, "x-content-type-options": "nosniff", ...more },
  body,
})

/** `documents`: paths beside the page, such as `asyncapi.json`. */
export const routes = (title: string, documents: ReadonlyArray<string>, renderer: Renderer): ReadonlyArray<Route> => {
  const html = page(title, documents)
  const head = { "content-security-policy": policy, "referrer-policy": "no-referrer" }
  let script: Promise<string> | undefined
  return [
    get(
      "/docs",
      "docs",
      "This reference as a page",
      Schema.String,
      () => Effect.succeed(answer("text/html", html, head)),
      { mediaType: "text/html" },
    ),
    get(
      "/docs/openapi-explorer.js",
      "docs.script",
      "What renders the reference",
      Schema.String,
      () =>
        Effect.map(
          Effect.promise(() =>
            script ??= renderer().catch((error: unknown) => {
              script = undefined
              throw error
            })
          ),
          (text) => answer("text/javascript", text, { "cache-control": "public, max-age=86400" }),
        ),
      { mediaType: "text/javascript" },
    ),
  ]
}
