/**
 * Keys in JSON pointers. Source: RFC 6901, section 3.
 * @module
 */

export const escape = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1")
export const unescape = (token: string): string => token.replaceAll("~1", "/").replaceAll("~0", "~")

/** To the value that the keys lead to; of none, the whole. */
export const pointerOf = (path: ReadonlyArray<PropertyKey>): string =>
  path.map((key) => `/${escape(String(key))}`).join("")
