/**
 * Fibers wait without async resources of their own.
 *
 * Effect makes one for each wait and resumes in its scope. Under Deno a resource holds the one in whose scope it was made: a
 * fiber that loops for as long as the process lives held all it had ever waited in, 460 bytes each.
 * @module
 */
import { AsyncResource } from "node:async_hooks"

/** As Effect names them. */
const ofFibers = "effect/Fiber"

const own = AsyncResource.prototype.runInAsyncScope
const run: typeof own = function (this: AsyncResource, fn, thisArg, ...args) {
  const isFiber = (this as { readonly type?: string }).type === ofFibers
  return isFiber ? fn.apply(thisArg as never, args) : own.call(this, fn as never, thisArg, ...args) as never
}

/**
 * From here on. What somebody keeps in an `AsyncLocalStorage` around an Effect is not found behind a wait of it; all others'
 * resources are as they were.
 */
export const waitBare = (): void => {
  AsyncResource.prototype.runInAsyncScope = run
}
