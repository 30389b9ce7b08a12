/**
 * The HTTP contract over the tables of DynamoDB, through a socket; each target has tables of its own.
 * @module
 */
import { engine } from "../engine.ts"
import { contract } from "./contract.ts"
import { embedded } from "./Target.ts"

const running = engine("dynamodb")
let targets = 0

contract(
  "the server over DynamoDB",
  (limits) =>
    embedded(limits, {
      NEXUS_STORE: "dynamodb",
      NEXUS_AWS_ENDPOINT: running().url,
      NEXUS_TABLE_PREFIX: `t${targets++}-`,
    }),
)
