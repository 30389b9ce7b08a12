/**
 * Lets the pages of some origins call us (CORS); pages of all others are kept out by the browser, which is told nothing.
 *
 * No credentials are allowed: who asks is said by the bearer token alone, never by a cookie.
 * @module
 */
import type { EdgeRequest } from "./route.ts"

/** What a page may send beside the headers that any page may. */
const sent = "authorization, content-type, idempotency-key, if-match, if-none-match, nexus-not-after, traceparent"
/** What a page may read beside the headers that any page may. */
const shown = "etag, retry-after"
/** Seconds for which a browser need not ask again. */
const rememberedSeconds = "600"

const preflight = {
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": sent,
  "access-control-max-age": rememberedSeconds,
}

/** The answers of `route`, readable for pages of these `origins`. */
export const allow = (
  origins: ReadonlyArray<string>,
  route: (request: EdgeRequest) => Response | Promise<Response>,
) => {
  const allowed = new Set(origins)
  return async (request: EdgeRequest): Promise<Response> => {
    const origin = request.headers.get("origin")
    const known = origin !== null && allowed.has(origin)
    const asks = request.method === "OPTIONS" && request.headers.get("access-control-request-method") !== null
    const response = known && asks ? new Response(null, { status: 204, headers: preflight }) : await route(request)
    // Caches on the way must not give one origin the answer that another one may read.
    response.headers.append("vary", "origin")
    if (known) {
      response.headers.set("access-control-allow-origin", origin)
      response.headers.set("access-control-expose-headers", shown)
    }
    return response
  }
}
