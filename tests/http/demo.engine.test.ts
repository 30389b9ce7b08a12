/**
 * The demo on DynamoDB, Kinesis, SNS and SQS, by one flag more and the addresses of the engines.
 * @module
 */
import { spawn } from "node:child_process"
import { assert, it } from "vitest"
import { engine } from "../engine.ts"

const [dynamodb, kinesis, fauxqs] = [engine("dynamodb"), engine("kinesis"), engine("fauxqs")]

const demo = (args: ReadonlyArray<string>): Promise<{ readonly code: number | null; readonly text: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["run", "-q", "-A", "examples/orders/demo.ts", ...args])
    let text = ""
    child.stdout.on("data", (chunk) => text += chunk)
    child.stderr.on("data", (chunk) => text += chunk)
    child.on("close", (code) => resolve({ code, text }))
  })

it("the demo is equal to the penny on DynamoDB, and changes nothing when it is run again", async () => {
  const args = [
    ...["--store", "dynamodb", "--table-prefix", "demo-", "--aws-endpoint", fauxqs().url],
    ...["--aws-endpoint-dynamodb", dynamodb().url, "--aws-endpoint-kinesis", kinesis().url],
  ]
  for (const _ of ["first", "again"]) {
    const { code, text } = await demo(args)
    assert.strictEqual(code, 0, text)
    assert.match(text, /^events +433$/m)
    assert.match(text, /equal to the penny/)
  }
}, 240_000)
