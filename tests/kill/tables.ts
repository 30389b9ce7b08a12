/**
 * The kill test on real engines: two servers at once on the same tables of DynamoDB, which outlive them.
 * @module
 */
import { start, stop } from "../../infra/engines/running.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import { patient, settingsOf } from "../../runtime/adapters/dynamodb/testStore.ts"
import { logOf } from "../aws/acknowledged.ts"
import { type Place, ungovernedBy } from "./data.ts"
import { Layer } from "effect"

/** Engines of this process; each place has tables of its own. */
export const onTables = async () => {
  const engines = await Promise.all(
    (["dynamodb", "kinesis", "fauxqs"] as const).map((name) => start(name, { owned: true })),
  )
  const [dynamodb, kinesis, fauxqs] = engines.map(({ url }) => url) as [string, string, string]
  let places = 0
  return {
    place: (): Place => {
      const prefix = `kill${places++}-`
      return {
        servers: 2,
        repeated: { afterKill: 64, atEnd: 512 },
        killMs: 5_000,
        env: {
          ...{ NEXUS_STORE: "dynamodb", NEXUS_TABLE_PREFIX: prefix, NEXUS_AWS_ENDPOINT: fauxqs },
          ...{ NEXUS_AWS_ENDPOINT_DYNAMODB: dynamodb, NEXUS_AWS_ENDPOINT_KINESIS: kinesis },
        },
        readLog: (ids) => logOf(dynamodb, prefix, ids),
        ungoverned: (log) =>
          ungovernedBy(Layer.provide(DynamoDB.layer(settingsOf(dynamodb, { prefix })), patient), log),
      }
    },
    stop: () => Promise.all(engines.map(stop)),
  }
}
