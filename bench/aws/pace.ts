/**
 * So many calls a second, whether those before are answered or not: what waits in a queue counts as late.
 * @module
 */
import { cpuMs, type Flight, startTimer, summarize } from "../Flight.ts"

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Each latency is from the time at which the call was due. */
export const pace = async (count: number, perSecond: number, send: (n: number) => Promise<void>): Promise<Flight> => {
  const latencies = new Float64Array(count)
  const stopTimer = startTimer()
  const cpuBefore = cpuMs()
  const startedAt = performance.now()
  const sent: Array<Promise<void>> = []
  for (let n = 0; n < count; n++) {
    const due = startedAt + n * 1000 / perSecond
    if (performance.now() < due) await sleep(due - performance.now())
    sent.push(send(n).then(() => void (latencies[n] = performance.now() - due)))
  }
  await Promise.all(sent)
  return summarize(count, performance.now() - startedAt, cpuMs() - cpuBefore, latencies, stopTimer())
}
