/**
 * Addresses of other services in settings.
 * @module
 */

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Over https, and over http on loopback alone. */
export const isSafe = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.protocol === "https:" || (url?.protocol === "http:" && loopback.test(url.hostname))
}

/** Without a slash at its end; nothing where it may not be asked. */
export const addressOf = (text: string): string | undefined => {
  if (!isSafe(text)) return undefined
  const url = new URL(text)
  // Names and passwords would stand in logs wherever the address does.
  const isBare = url.username === "" && url.password === "" && url.search === "" && url.hash === ""
  return isBare ? url.href.replace(/\/+$/, "") : undefined
}
