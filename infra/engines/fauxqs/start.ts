/**
 * Runs fauxqs of the folder that is the first argument on the port that is the second, heard on loopback alone: its own
 * command line listens everywhere.
 * @module
 */
import { join } from "node:path"
import process from "node:process"
import { pathToFileURL } from "node:url"

const [, , folder, port] = process.argv
const { buildApp } = await import(pathToFileURL(join(folder!, "node_modules/fauxqs/dist/app.js")).href)
await buildApp({ logger: false }).listen({ host: "127.0.0.1", port: Number(port) })
