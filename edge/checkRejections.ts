/**
 * Whether an application's rejections can be told from each other, and from the problems of Nexus.
 * @module
 */
import type { App } from "../core/App.ts"
import { kebab, table } from "./problems.ts"

/** Members that problems have anyway; a rejection has no field of these names. */
const reserved = ["type", "title", "status", "detail", "instance", "rejection"]

/** Stops an application at start whose rejections would be mistaken for each other or for a problem of Nexus. */
export const checkRejections = (app: App): void => {
  const slugs = new Map(table.map(({ slug }) => [slug, "a problem of Nexus"]))
  for (const { contract } of Object.values(app.aggregates)) {
    for (const command of Object.values(contract.commands)) {
      for (const rejection of command.rejections) {
        const tag = rejection.identifier
        const other = slugs.get(kebab(tag)) ?? tag
        if (other !== tag) throw new Error(`rejection ${tag} has the problem type of ${other}: rename it`)
        slugs.set(kebab(tag), tag)
        const field = reserved.find((name) => name in rejection.members)
        if (field !== undefined) {
          throw new Error(`rejection ${tag} has a field "${field}", which problems define: rename it`)
        }
      }
    }
  }
}
