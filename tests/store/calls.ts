/**
 * What two processes say to each other: calls of the port and their answers, one JSON text a line.
 * @module
 */

export interface Call {
  readonly name: string
  readonly args: ReadonlyArray<unknown>
  /** The caller's clock, so that both processes see one time. */
  readonly nowMs: number
}

export type Answer =
  | { readonly ok: unknown }
  | { readonly failed: { readonly _tag: string; readonly reason: string | undefined } }
  | { readonly died: string }

/** JSON knows neither; `readBackwards` begins at infinity, a listing at no cursor. */
const unsaid: ReadonlyMap<unknown, string> = new Map<unknown, string>([[Infinity, "$Infinity"], [
  undefined,
  "$undefined",
]])

export const write = (call: Call): string =>
  JSON.stringify({ ...call, args: call.args.map((arg) => unsaid.get(arg) ?? arg) })
export const answered = (answer: Answer): string =>
  JSON.stringify(answer, (_, value: unknown) => value instanceof Set ? { $set: [...value] } : value)
export const revive = (line: string): unknown =>
  JSON.parse(line, (_, value: unknown) => {
    if (value === "$Infinity") return Infinity
    if (value === "$undefined") return undefined
    const { $set } = (value ?? {}) as { readonly $set?: ReadonlyArray<unknown> }
    return $set === undefined ? value : new Set($set)
  })

/** Each line of a stream; cut at line feeds alone, for a text may hold other separators of lines. */
export const onLine = (input: NodeJS.ReadableStream, take: (line: string) => void): void => {
  let rest = ""
  input.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split("\n")
    rest = lines.pop()!
    lines.forEach(take)
  })
}
