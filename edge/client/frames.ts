/**
 * What travels over the socket, as text frames of JSON.
 * @module
 */

/** What a subscription asks for, or asks to go on with. */
export interface Wish {
  readonly aggregate?: string
  /** The versions behind which events are wanted. */
  readonly ids?: { readonly [id: string]: number }
  readonly types?: ReadonlyArray<string>
  /** A position, or `start`; absent: from now on. */
  readonly after?: string
}

/** As much of an event as tells it from all others. */
export interface LiveEvent {
  readonly aggregate: string
  readonly id: string
  readonly version: number
}

export type Frame =
  | { readonly type: "subscribed"; readonly subscription: string; readonly position?: string }
  | {
    readonly type: "events"
    readonly subscription: string
    readonly events: ReadonlyArray<LiveEvent>
    readonly position?: string
  }
  | { readonly type: "unsubscribed"; readonly subscription: string }
  | { readonly type: "problem"; readonly subscription?: string; readonly problem: unknown }

/** Nothing where the text is no frame. Of a newer server it may be one that this client does not know. */
export const parse = (text: unknown): Frame | undefined => {
  if (typeof text !== "string") return undefined
  try {
    const frame = JSON.parse(text) as Frame | null
    return typeof frame === "object" && frame !== null ? frame : undefined
  } catch {
    return undefined
  }
}
