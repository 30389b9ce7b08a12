/**
 * A real engine for the tests of a file `X.engine.test.ts`: started before the first, gone after the last.
 *
 * Such files run by name or in CI, in a suite of `tests/run.ts` that says which engines it needs.
 * @module
 */
import { afterAll, beforeAll } from "vitest"
import { entry, type Name } from "../infra/engines/engines.ts"
import { type Running, start, stop } from "../infra/engines/running.ts"

export { cancelled, operationOf, throttled } from "../infra/engines/aws.ts"
export { type Asked, type Fault, faults, type Proxy, proxy } from "../infra/engines/proxy.ts"

/** Call it where tests are defined, and what it gives inside of them. */
export const engine = (name: Name): () => Running => {
  let running: Running | undefined
  beforeAll(async () => {
    running = await start(name, { owned: true })
  }, (entry(name).readySecondsMax + 20) * 1000)
  afterAll(() => running === undefined ? undefined : stop(running), 30_000)
  return () => running!
}
