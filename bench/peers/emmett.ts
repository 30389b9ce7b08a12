/**
 * Emmett over its memory store.
 * @module
 */
import * as Handler from "./Handler.ts"

interface Core extends Handler.Core {
  readonly getInMemoryEventStore: () => Handler.Store
}
// In a variable: the package is installed for the bench alone, the type checker never sees it.
const name = "@event-driven-io/emmett"

export const emmett = Handler.make({
  name: "emmett",
  open: async () => {
    const core: Core = await import(name)
    return { core, store: core.getInMemoryEventStore() }
  },
  oneByOne: false,
  scale: { W1: 0.5 },
})
