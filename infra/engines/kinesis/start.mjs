/**
 * Runs kinesis-local of the folder that is its argument, heard on loopback alone: it has no option for that.
 *
 * By Node: under Deno it does not read a body of more than some 100 KB to its end.
 * @module
 */
import { createRequire } from "node:module"
import { Server } from "node:net"
import { join } from "node:path"
import process from "node:process"

const { listen } = Server.prototype
Server.prototype.listen = function (port, ...rest) {
  const done = rest.find((one) => typeof one === "function")
  return listen.call(this, { port: Number(port), host: "127.0.0.1" }, done)
}

// It looks for its certificate where it runs.
const folder = join(process.argv[2], "node_modules/kinesis-local")
process.chdir(folder)
createRequire(import.meta.url)(join(folder, "main.js"))
