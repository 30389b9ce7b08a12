/**
 * The order of `domain.ts` as plain functions, for the peers: no schema checks anything, which favours them.
 * @module
 */
import { eventOf, type Request, type State } from "../domain.ts"

export interface PlainEvent {
  readonly type: string
  readonly data: Request["payload"]
}

export const initial: State = { status: "none", itemCount: 0, total: 0 }

interface Line {
  readonly qty: number
  readonly price: number
}

export const evolve = (state: State, { data, type }: PlainEvent): State => {
  if (type === "ItemAdded") {
    const { price, qty } = data as Line
    return { status: state.status, itemCount: state.itemCount + 1, total: state.total + qty * price }
  }
  const { lines } = data as { readonly lines: ReadonlyArray<Line> }
  return {
    status: "placed",
    itemCount: lines.length,
    total: lines.reduce((sum, { price, qty }) => sum + qty * price, 0),
  }
}

const isValid = ({ price, qty }: Line): boolean => qty > 0 && price >= 0

/** The event of an accepted command; a refusal throws, as the peers' own examples do it. */
export const decide = ({ command, payload }: Request, state: State): PlainEvent => {
  if (state.status !== (command === "PlaceOrder" ? "none" : "placed")) throw new Error(`the order is ${state.status}`)
  if (!("lines" in payload ? payload.lines : [payload]).every(isValid)) throw new Error("a line is invalid")
  return { type: eventOf[command], data: payload }
}
