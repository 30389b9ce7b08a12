/**
 * The process of one measurement: `child.ts <subject> <workload> <scale> <folder>`; its last line is the result as JSON.
 * @module
 */
import "effect/schema/SchemaJITCompiler/enable"
import * as Limits from "../core/Limits.ts"
import * as Measurement from "./Measurement.ts"
import * as Memory from "./Memory.ts"
import { entity } from "./subjects/Entity.ts"
import { nexus } from "./subjects/Nexus.ts"
import type { Subject } from "./Subject.ts"
import { scaled, workloads } from "./workloads.ts"

const subjects: Readonly<Record<string, Subject>> = { nexus, entity }
/** As many as the host keeps beside those that warmed it up; an entity costs so much more that fewer tell as well. */
const actors: Readonly<Record<string, number>> = { nexus: Limits.defaults.actors - Memory.warmActors, entity: 10_000 }

const [name = "", workloadName = "", scale = "1", folder = ""] = Deno.args

const measure = (): Promise<Measurement.Measurement | Memory.Memory> => {
  const subject = subjects[name]
  if (workloadName === "W7" && subject !== undefined) {
    return Memory.ofSubject(subject, Math.ceil(actors[name]! * Number(scale)), folder)
  }
  const workload = workloads.find((one) => one.name === workloadName)
  if (workload === undefined) throw new Error(`no workload is named "${workloadName}"`)
  const small = scaled(workload, Number(scale))
  if (subject !== undefined) return Measurement.ofSubject(subject, small, folder)
  if (name !== "raw" && name !== "raw-own") throw new Error(`no subject is named "${name}"`)
  return Promise.resolve(Measurement.ofRaw(name === "raw-own", small, folder))
}

console.log(JSON.stringify(await measure()))
Deno.exit(0)
