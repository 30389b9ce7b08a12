/**
 * The whole of Nexus over HTTP: the embedded server as `deno task run` starts it, its log included; one principal
 * without a rate bound.
 * @module
 */
import { start } from "../../edge/deno.ts"
import { app } from "../domain.ts"

export const tenant = "bench"

/** The path of the command that places an order. */
export const post = (id: string): string => `/v1/Order/${id}/commands/PlaceOrder`

export const serve = async (folder: string) => {
  const env = { NEXUS_DATA: folder, NEXUS_HOST: "127.0.0.1", PORT: "0" }
  const limits = { commandsPerSecond: Number.MAX_SAFE_INTEGER }
  const server = await start(app, { env, limits })
  const token = (subject: string) =>
    server.mint!({ tenant, subject, scope: "commands:* read history stream", ttlSeconds: 3_600 })
  const headers = { authorization: `Bearer ${await token("bench")}`, "content-type": "application/json" }
  return { url: server.url, headers, token, stop: server.stop }
}
