/**
 * How AWS's client reaches AWS: by our own bounded exchange, for its own follows what it is told and reads without end.
 * @module
 */
import { exchange, json, type Question, Unusable } from "../../exchange.ts"
import { depthMax } from "../../RemoteRegistry.ts"

/** As the client hands it to whatever sends it. */
interface Request extends Pick<Question, "method" | "headers"> {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly body?: unknown
}
interface Response {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** The client asks again, for a moment later it may be well. */
const passing = (error: Unusable): Error => Object.assign(error, { $retryable: { throttling: false } })

/** Both are the platform's to write; it objects to others'. */
const ownHeaders = new Set(["host", "content-length"])

export const make = (fetch: typeof globalThis.fetch, bytesMax: number) => ({
  handle: async (
    { body, headers, hostname, method, path, port, protocol }: Request,
    { abortSignal }: { readonly abortSignal?: unknown } = {},
  ): Promise<{ response: Response }> => {
    const answer = await exchange(
      fetch,
      {
        method,
        url: `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`,
        headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.has(name.toLowerCase()))),
        ...body === undefined ? {} : { body: body as string | Uint8Array<ArrayBuffer> },
      },
      bytesMax,
      abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal,
    ).catch((error: Unusable) => {
      throw /^(unreachable|cut)$/.test(error.reason) ? passing(error) : error
    })
    try {
      json(answer, depthMax)
    } catch (error) {
      // What stands before AWS says why it cannot be reached in HTML.
      throw answer.status >= 500 ? passing(new Unusable(`status ${answer.status}`)) : error
    }
    return { response: { statusCode: answer.status, headers: { ...answer.headers }, body: answer.bytes } }
  },
})
