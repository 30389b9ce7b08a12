import { spawn } from "node:child_process"
import { once } from "node:events"
import { assert, it } from "vitest"
import { endGroup, isAlive, leader } from "./process.ts"

const shell = async (script: string) => {
  const child = spawn("sh", ["-c", `${script}\necho up\nwait`], { detached: true, stdio: ["ignore", "pipe", "ignore"] })
  await once(child.stdout, "data")
  return leader(child.pid!)
}

it("endGroup() ends children of children, and those that do not heed a polite end", async () => {
  for (const script of ["sleep 300 & sleep 300 &", "trap '' TERM; sh -c 'trap \"\" TERM; sleep 300' &"]) {
    const one = await shell(script)
    assert.isTrue(isAlive(one))
    await endGroup(one, 200)
    assert.isFalse(isAlive(one))
  }
})

it("endGroup() lets a process live that was given the number of a dead one", async () => {
  const one = await shell("sleep 300 &")
  await endGroup({ ...one, startedAt: "long ago" })
  assert.isTrue(isAlive(one))
  await endGroup(one)
})
