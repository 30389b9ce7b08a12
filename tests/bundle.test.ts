/**
 * The Worker's bundle: it builds as it would be deployed, and its size is said.
 * @module
 */
import { assert, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"

/** A Worker of the free plan may hold 3 MiB; ours should stay far below, for its start pays for every byte. */
const gzipKiBMax = 400

it("the app factory bundles for Workers", () => {
  const out = mkdtempSync(".nexus-bundle-")
  try {
    const wrangler = join("node_modules", "wrangler", "bin", "wrangler.js")
    const said = execFileSync(Deno.execPath(), [
      "run",
      "-A",
      wrangler,
      "deploy",
      "--dry-run",
      "--minify",
      "--outdir",
      out,
    ], {
      encoding: "utf8",
      env: { ...Deno.env.toObject(), WRANGLER_SEND_METRICS: "false", CI: "true" },
      timeout: 60_000,
    })
    const size = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(said)
    assert(size !== null, said)
    console.log(`bundle of the test Worker: ${size[1]} KiB, gzip ${size[2]} KiB`)
    assert.isBelow(Number(size[2]), gzipKiBMax)
  } finally {
    rmSync(out, { recursive: true })
  }
}, 90_000)
