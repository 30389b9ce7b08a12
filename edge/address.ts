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

/** What a variable says, without a slash at its end; one that may not be asked is a fault. */
export const read = (
  get: (name: string) => string | undefined,
  faults: Array<string>,
  name: string,
): string | undefined => {
  const text = get(name)
  if (text === undefined) return undefined
  const url = isSafe(text) ? new URL(text) : undefined
  // Names and passwords would stand in logs wherever the address does.
  if (url !== undefined && url.username + url.password + url.search + url.hash === "") {
    return url.href.replace(/\/+$/, "")
  }
  faults.push(`${name} must be an https URL (http only for loopback) without name, password or query`)
  return undefined
}
