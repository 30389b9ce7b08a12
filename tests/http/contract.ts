/**
 * The whole HTTP contract. A composition of edge, host and store keeps it or is none.
 * @module
 */
import { describe } from "vitest"
import { commands } from "./commands.ts"
import { deadLetters } from "./deadLetters.ts"
import { letterNames } from "./letterNames.ts"
import { limits } from "./limits.ts"
import { reads } from "./reads.ts"
import { routes } from "./routes.ts"
import { schemas } from "./schemas.ts"
import type { Open } from "./Target.ts"
import { temporal } from "./temporal.ts"
import { tenants } from "./tenants.ts"
import { tokens } from "./tokens.ts"

export const contract = (name: string, open: Open): void => {
  describe(name, () => {
    routes(open)
    commands(open)
    limits(open)
    reads(open)
    schemas(open)
    temporal(open)
    tenants(open)
    deadLetters(open)
    letterNames(open)
    tokens(open)
  })
}
