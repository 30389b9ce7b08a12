/**
 * The process of one measurement: `child.ts <subject> <workload> <scale> <folder>`; its last line is the result as JSON.
 * @module
 */
import "effect/schema/SchemaJITCompiler/enable"
import * as drain from "./aws/drain.ts"
import * as latency from "./aws/latency.ts"
import * as paths from "./aws/paths.ts"
import * as commands from "./commands.ts"
import * as feed from "./feed.ts"
import type { Measurement } from "./Figures.ts"
import * as parts from "./governance/parts.ts"
import * as http from "./http/measure.ts"
import * as sockets from "./http/sockets.ts"
import * as loads from "./loads.ts"
import * as memory from "./memory.ts"
import { load } from "./registry.ts"
import * as starts from "./starts.ts"
import { type Commands, type Other, scaled, workloads } from "./workloads.ts"

const [name = "", workloadName = "", scaleText = "1", folder = ""] = Deno.args

const ofCommands = async (workload: Commands, scale: number): Promise<Measurement> => {
  if (name === "raw" || name === "raw-own") return commands.ofRaw(name === "raw-own", scaled(workload, scale), folder)
  const subject = await load[name]!()
  return commands.ofSubject(subject, scaled(workload, scale * (subject.scale?.[workload.name] ?? 1)), folder)
}

const ofOther = async (workload: Other, scale: number): Promise<Measurement> => {
  const size = Math.ceil(workload.count * scale)
  if (paths.isPath(workload.name)) return paths.of(workload.name, name, size)
  if (workload.name === "aws-router") return drain.of(size)
  if (workload.name === "aws-rate") return latency.of(size, folder)
  if (workload.name === "W6") return starts.of(name, folder)
  if (workload.name === "sockets") return sockets.of(Math.ceil(workload.count * scale), folder)
  if (workload.name === "governance-parts") return parts.of(name, Math.ceil(workload.count * scale), folder)
  if (workload.name === "http") return http.of(name, Math.ceil(workload.count * scale), folder)
  if (name === "raw") {
    const count = Math.ceil(workload.count * scale)
    return workload.name === "W4" ? loads.ofRaw(count, folder) : feed.ofRaw(count, folder)
  }
  const subject = await load[name]!()
  const count = Math.ceil(workload.count * scale * (subject.scale?.[workload.name] ?? 1))
  if (workload.name === "W4") return loads.ofSubject(subject, count, folder)
  if (workload.name === "W5") return feed.ofSubject(subject, count, folder)
  return memory.ofSubject(subject, count, folder)
}

const workload = workloads.find((one) => one.name === workloadName)
if (workload === undefined || !workload.subjects.includes(name)) {
  throw new Error(`nobody named "${name}" takes part in "${workloadName}"`)
}
const scale = Number(scaleText)
console.log(JSON.stringify(await ("commands" in workload ? ofCommands(workload, scale) : ofOther(workload, scale))))
Deno.exit(0)
