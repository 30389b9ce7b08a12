/**
 * A tracer that keeps what spans say, each under the tenant whose command began its trace; in some runs alone, for most
 * processes are not traced.
 * @module
 */
import { Option, Tracer } from "effect"

/** What a receiver of traces would see of a span. */
export interface Spoken {
  readonly tenant: string
  readonly text: string
}

/** Names the tenant of a trace: on its first span alone, which the client makes. */
export const tenantKey = "simulated.tenant"

export const make = (spans: Array<Spoken>): Tracer.Tracer => {
  let count = 0
  const tenants = new Map<string, string>()
  return Tracer.make({
    span: ({ annotations, kind, links, name, parent, sampled, startTime }) => {
      const number = (++count).toString(16)
      const traceId = Option.match(parent, { onNone: () => number.padStart(32, "0"), onSome: ({ traceId }) => traceId })
      const said: Array<unknown> = [name]
      const span: Tracer.Span = {
        ...{ _tag: "Span", name, parent, annotations, links, kind, sampled, traceId, spanId: number.padStart(16, "0") },
        status: { _tag: "Started", startTime },
        attributes: new Map(),
        attribute: (key, value) => {
          if (key === tenantKey) tenants.set(traceId, `${value}`)
          else said.push(key, value)
        },
        event: (name, _, attributes) => void said.push(name, attributes),
        addLinks: (links) => void said.push(links.map(({ attributes }) => attributes)),
        end: () => {
          spans.push({ tenant: tenants.get(traceId) ?? "", text: JSON.stringify(said) })
        },
      }
      return span
    },
  })
}
