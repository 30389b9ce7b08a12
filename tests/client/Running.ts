/**
 * A whole server that the client's tests talk to, and that can be taken away and started again on the same port.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type * as Limits from "../../core/Limits.ts"
import { type Server, start } from "../../edge/deno.ts"
import boxes from "../http/app.ts"
import * as Issuer from "../http/Issuer.ts"

export interface Running {
  readonly url: string
  readonly issuer: Issuer.Issuer
  readonly restart: () => Promise<void>
  readonly close: () => Promise<void>
}

export const open = async (
  limits: Partial<Limits.Limits> = {},
  more: Record<string, string> = {},
): Promise<Running> => {
  const issuer = await Issuer.open()
  const data = mkdtempSync(join(tmpdir(), "nexus-client-"))
  const env = {
    ...{ NEXUS_DATA: data, NEXUS_ISSUER: issuer.issuer, NEXUS_AUDIENCE: issuer.audience },
    ...{ NEXUS_JWKS_URL: issuer.jwksUrl, ...more },
  }
  const startAt = (port: string) => start(boxes, { env: { ...env, PORT: port }, limits, logLevel: "None" })
  let server: Server = await startAt("0")
  const { url } = server
  return {
    url,
    issuer,
    restart: async () => {
      await server.stop()
      server = await startAt(new URL(url).port)
    },
    close: async () => {
      await server.stop()
      issuer.close()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
