/**
 * `nexus schemas check`: whether the lock covers the application as it is; with a store, whether what is stored still fits.
 * @module
 */
import { Effect, type Layer } from "effect"
import type { EventStore } from "../../core/EventStore.ts"
import { colored, plain } from "../paint.ts"
import { application, data, progress, type Verb, wrong } from "../Verb.ts"
import { open } from "./Project.ts"
import { checkStore } from "./store.ts"
import { findingsText, plural, summary, told } from "./text.ts"

/** Reaches a store that exists. */
export type Open = (
  where: { readonly folder: string } | { readonly file: string },
) => Layer.Layer<EventStore, { readonly message: string }>

export const check = (openStore: Open): Verb => ({
  name: "schemas check",
  help: "Check that events.lock covers the application, and that nothing stored is broken by it",
  options: {
    ...application,
    store: { help: "Decode what a store holds instead: its file", value: "FILE" },
    data: { ...data["data"]!, help: "The same for the store in a folder" },
    all: { help: "With a store: decode every event, not the first 100 and every 100th of each subject" },
    ...progress,
  },
  notes: "Without a store: exit code 1 where anything is to be done. `stale` is mended by `nexus schemas generate`,\n" +
    "`broken` by you. Nothing is written.",
  run: Effect.fnUntraced(function* (input) {
    const [file, folder] = [input.option("store"), input.option("data")]
    if (file !== undefined && folder !== undefined) return yield* wrong("--store and --data name two stores: give one")
    if (file === undefined && folder === undefined && input.option("all") !== undefined) {
      return yield* wrong("--all is of a store: add --store FILE or --data FOLDER")
    }
    if (file !== undefined || folder !== undefined) {
      return yield* checkStore(input, openStore(file === undefined ? { folder: folder! } : { file }))
    }
    const project = yield* open(input)
    const { app, findings, present } = project
    const ok = present && findings.length === 0
    const paint = input.color ? colored : plain
    const missing = present ? "" : `there is no events.lock yet: \`nexus schemas generate\` makes one\n\n`
    const text = ok
      ? `ok: ${summary(project)} are locked`
      : `${missing}${findingsText(project, findings, paint)}\n\nbad: ${plural(findings.length, "finding")}`
    yield* input.print(text, { ok, app: app.name, findings: findings.map((one) => told(project, one)) })
    return ok ? 0 : 1
  }),
})
