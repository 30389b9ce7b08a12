import { SNSClient } from "@aws-sdk/client-sns"
import { ListQueuesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Settings from "./settings.ts"

const credentials = { accessKeyId: "a", secretAccessKey: "b" }

it("a service is where its own address says, else where all are, else where AWS has it", () => {
  const settings = { region: "eu-central-1", endpoint: "http://all", endpoints: { sqs: "http://sqs" } }
  assert.strictEqual(Settings.endpointOf(settings, "sqs"), "http://sqs")
  assert.strictEqual(Settings.endpointOf(settings, "sns"), "http://all")
  assert.isUndefined(Settings.endpointOf({ region: "eu-central-1" }, "sns"))
})

it.effect("a client asks once, at its own address and not at the queue's, looks its name up once, and ends with its scope", () =>
  Effect.gen(function* () {
    const asked: Array<string> = []
    const names: Array<string | undefined> = []
    const server = createServer((request, response) => {
      names.push(request.headers["user-agent"])
      asked.push(`${request.headers["x-amz-target"]} ${request.headers.authorization?.split("/")[2]}`)
      response.writeHead(500, { "content-type": "application/x-amz-json-1.0" }).end("{}")
    })
    yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const settings = {
      region: "eu-central-1",
      endpoint: "http://127.0.0.1:1",
      endpoints: { sqs: endpoint },
      credentials,
    }
    let destroyed = 0
    let looked = 0
    const watched = (all: Settings.Configuration) => {
      const made = new SQSClient(all)
      const { defaultUserAgentProvider } = made.config
      made.config.defaultUserAgentProvider = (...of) => (looked++, defaultUserAgentProvider(...of))
      return made
    }
    yield* Effect.scoped(Effect.gen(function* () {
      const sqs = yield* Settings.client(settings, "sqs", watched)
      const sns = yield* Settings.client(settings, "sns", (all) => new SNSClient(all))
      for (const one of [sqs, sns]) {
        const { destroy } = one
        one.destroy = () => (destroyed++, destroy.call(one))
      }
      const QueueUrl = "http://sqs.eu-central-1.elsewhere.invalid/1/q"
      const failed = (call: Promise<unknown>) => Effect.promise(() => call.then(() => false, () => true))
      assert.isTrue(yield* failed(sqs.send(new ListQueuesCommand())))
      assert.isTrue(yield* failed(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }))))
    }))
    assert.deepStrictEqual(asked, ["AmazonSQS.ListQueues eu-central-1", "AmazonSQS.SendMessage eu-central-1"])
    assert.strictEqual(destroyed, 2)
    assert.strictEqual(looked, 1)
    assert.match(names[0]!, /^aws-sdk-js\/\S+ ua\/.* api\/sqs/)
    assert.strictEqual(names[1], names[0])
    server.closeAllConnections()
    server.close()
  }))
