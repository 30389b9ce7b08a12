/**
 * The size of a text as it travels.
 * @module
 */
const encoder = new TextEncoder()

/** In UTF-8. */
export const bytesOf = (text: string): number => encoder.encode(text).length
