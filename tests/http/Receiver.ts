/**
 * A loopback receiver of OTLP/HTTP that keeps what arrives.
 * @module
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** As OTLP/JSON writes a span, as far as the tests look. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: Readonly<Record<string, unknown>> }>
  readonly status: { readonly code: number }
}

export interface Arrival {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

export interface Receiver {
  readonly url: string
  readonly arrivals: ReadonlyArray<Arrival>
  readonly spans: () => ReadonlyArray<Span>
  readonly close: () => void
}

/** `answer`: a status, or `never` for a receiver that takes what it is sent and says nothing. */
export const open = (answer: () => number | "never" = () => 200): Promise<Receiver> =>
  new Promise((resolve) => {
    const arrivals: Array<Arrival> = []
    const server = createServer((request, response) => {
      const chunks: Array<Uint8Array> = []
      request.on("data", (chunk: Uint8Array) => chunks.push(chunk))
      request.on("end", () => {
        const body = new TextDecoder().decode(chunks.length === 0 ? new Uint8Array() : concat(chunks))
        arrivals.push({ path: request.url ?? "", headers: request.headers, body })
        const status = answer()
        if (status !== "never") response.writeHead(status, { "content-type": "application/json" }).end("{}")
      })
    })
    server.listen(0, "127.0.0.1", () => {
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        arrivals,
        spans: () =>
          arrivals.filter(({ path }) => path === "/v1/traces").flatMap(({ body }) =>
            JSON.parse(body).resourceSpans.flatMap((of: { scopeSpans: Array<{ spans: Array<Span> }> }) =>
              of.scopeSpans.flatMap(({ spans }) => spans)
            )
          ),
        close: () => {
          server.closeAllConnections()
          server.close()
        },
      })
    })
  })

const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
