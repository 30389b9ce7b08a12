/**
 * Commands to new aggregates on DynamoDB, so many a second: how long each waits for its answer.
 * @module
 */
import { placeOrder } from "../domain.ts"
import type { Measurement } from "../Figures.ts"
import type { Ack } from "../Subject.ts"
import { faults } from "../verify.ts"
import { nexusDynamodb as subject } from "./Nexus.ts"
import { pace } from "./pace.ts"

const perSecond = 100
const warmUp = 500

export const of = async (count: number, folder: string): Promise<Measurement> => {
  await subject.seed(folder, [], 0)
  const running = await subject.open(folder)
  const acks: Array<Ack> = []
  const send = (name: string) => async (n: number) => {
    acks.push(await running.send(`${name}-${n}`, placeOrder(`${name}-${n}`)))
  }
  await pace(warmUp, perSecond, send("warm"))
  const figures = await pace(count, perSecond, send("order"))
  await running.close()
  const found = faults(await subject.rows(folder), acks, warmUp + count)
  return { subject: subject.name, workload: "aws-rate", figures, faults: found }
}
