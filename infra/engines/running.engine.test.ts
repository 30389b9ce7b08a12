/**
 * Engines start, answer on loopback and are gone afterwards, however their owner ends.
 * @module
 */
import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import process from "node:process"
import { assert, describe, it } from "vitest"
import { engine } from "../../tests/engine.ts"
import { type Name, names } from "./engines.ts"
import { isAlive } from "./process.ts"
import { fileOf, type Running, running, start, stop } from "./running.ts"

const answers = (url: string) => fetch(url).then(async (response) => [response.status, await response.text()], () => [])

describe.each(names.map((name) => ({ name })))("$name", ({ name }) => {
  const of = engine(name)
  it("is ready when it is handed out, noted, and heard on loopback alone", async () => {
    const { leader, port, url } = of()
    assert.strictEqual(new URL(url).hostname, "127.0.0.1")
    assert.isAbove((await answers(url)).length, 0)
    assert.isTrue((await running()).some((one) => one.leader.pid === leader.pid))
    const others = Object.values(networkInterfaces()).flat().filter((one) => one?.internal === false)
    for (const one of others.filter((one) => one?.family === "IPv4")) {
      assert.deepStrictEqual(await answers(`http://${one!.address}:${port}/`), [], one!.address)
    }
  })
})

/** Starts an engine in a process of its own, which then waits. */
const owner = (name: Name) => {
  const script = `
    const { start } = await import(${JSON.stringify(new URL("./running.ts", import.meta.url).href)})
    console.log(JSON.stringify(await start("${name}", { owned: true })))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ["eval", script], { stdio: ["ignore", "pipe", "inherit"] })
  const started = new Promise<Running>((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(JSON.parse(`${data}`)))
    child.once("exit", (code) => reject(new Error(`ended with ${code}`)))
  })
  return { child, started }
}

const gone = async (one: Running) => {
  for (let tries = 0; tries < 300 && (isAlive(one.leader) || (await answers(one.url)).length > 0); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return !isAlive(one.leader) && (await answers(one.url)).length === 0
}

describe("an engine that a process owns", () => {
  it("ends when the process is killed", async () => {
    const { child, started } = owner("opa")
    const one = await started
    assert.isAbove((await answers(one.url)).length, 0)
    child.kill("SIGKILL")
    assert.isTrue(await gone(one))
  })

  it("is ended by the next start where its guard did not see it", async () => {
    const { child, started } = owner("opa")
    const lost = await started
    child.kill("SIGKILL")
    assert.isTrue(await gone(lost))
    // One without a guard, said to belong to the process that is gone.
    const one = await start("opa", { owned: false })
    writeFileSync(fileOf(one), JSON.stringify({ ...one, owner: lost.owner }))
    assert.isAbove((await answers(one.url)).length, 0)
    assert.notInclude((await running()).map(({ leader }) => leader.pid), one.leader.pid)
    assert.isTrue(await gone(one))
  })

  it("says what stands in the way where its port is taken", async () => {
    const one = await start("opa", { owned: true })
    const second = await start("opa", { owned: true, port: one.port }).then(() => "", (error: Error) => error.message)
    assert.strictEqual(second, `opa cannot listen: port ${one.port} is in use; choose another with --port`)
    await stop(one)
    assert.isTrue(await gone(one))
  })
})
