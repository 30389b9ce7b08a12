/**
 * The HTTP contract over DynamoDB with its buses, through a socket; each target has tables, stream and topic of its own.
 * @module
 */
import { engine } from "../engine.ts"
import { contract } from "./contract.ts"
import { embedded } from "./Target.ts"

const [dynamodb, kinesis, fauxqs] = [engine("dynamodb"), engine("kinesis"), engine("fauxqs")]
let targets = 0

contract(
  "the server over DynamoDB",
  (limits) =>
    embedded(limits, {
      NEXUS_STORE: "dynamodb",
      NEXUS_AWS_ENDPOINT: fauxqs().url,
      NEXUS_AWS_ENDPOINT_DYNAMODB: dynamodb().url,
      NEXUS_AWS_ENDPOINT_KINESIS: kinesis().url,
      NEXUS_TABLE_PREFIX: `t${targets++}-`,
    }),
)
