/**
 * A reporter for vitest that speaks only where the run is ended from outside: what has run, what failed, what is missing.
 *
 * The report of a run that is whole is vitest's own; of one that is ended it writes none.
 * @module
 */
import { writeFileSync } from "node:fs"
import process from "node:process"
import type { Reporter, TestModule, TestSpecification } from "vitest/node"

/** Of SIGTERM, as shells count. */
const exitCode = 143

const isOver = (module: TestModule | undefined): boolean =>
  module !== undefined && ["passed", "failed", "skipped"].includes(module.state())

/** The part of vitest's report that is read, and lines for a person; a file that was not begun has no module yet. */
const partial = (wanted: ReadonlyArray<TestSpecification>) => {
  const modules = wanted.flatMap(({ testModule }) => testModule ?? [])
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  const of = (state: string) => tests.filter((test) => test.result().state === state)
  return {
    report: {
      numPassedTests: of("passed").length,
      numFailedTests: of("failed").length,
      numPendingTests: of("skipped").length,
    },
    lines: [
      ...of("failed").map((test) => `failed: ${test.module.relativeModuleId} > ${test.fullName}`),
      ...wanted.filter(({ testModule }) => !isOver(testModule)).map(({ moduleId }) => `not finished: ${moduleId}`),
    ],
  }
}

export default class implements Reporter {
  #wanted: ReadonlyArray<TestSpecification> = []
  onTestRunStart(wanted: ReadonlyArray<TestSpecification>): void {
    this.#wanted = wanted
  }
  onInit(): void {
    // Instead of vitest's own listener: it throws where the signal comes without a number, as under Deno.
    for (const listener of process.listeners("SIGTERM")) process.off("SIGTERM", listener)
    process.on("SIGTERM", () => {
      const { lines, report } = partial(this.#wanted)
      console.log(["ended from outside", ...lines].join("\n"))
      const file = process.env["NEXUS_PARTIAL"]
      if (file !== undefined) writeFileSync(file, JSON.stringify(report))
      process.exit(exitCode)
    })
  }
}
