/**
 * The installed Chromium, driven by playwright-core, which brings no browser of its own.
 * @module
 */
import { existsSync } from "node:fs"
import process from "node:process"
import { type Browser, chromium } from "playwright-core"

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path)
)

const required = process.env["CI"] === "true" || process.env["NEXUS_CI"] === "1"
/** Why the tests are skipped; nothing where there is a browser, or where there has to be one. */
export const missing: string | undefined = executablePath === undefined && !required
  ? "no Chromium is installed"
  : undefined

export const open = (): Promise<Browser> =>
  chromium.launch({
    ...executablePath === undefined ? {} : { executablePath },
    // It looks names up for services of its own, whatever it is told: none is found but this machine's.
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ],
  })
