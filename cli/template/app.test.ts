/**
 * The application in a simulated world: crashes, lost answers, failing stores and rivals, many seeds.
 * @module
 */
import { assert, it } from "@effect/vitest"
import { reportText, simulate } from "nexus-actors/testing"
import app from "./app.ts"

it("keeps every promise while everything around it fails", { timeout: 120_000 }, async () => {
  const report = await simulate(app, { seeds: 50 })
  assert.deepStrictEqual(report.failures, [], reportText(report))
})
