/**
 * Groups of processes, told apart from others that were given the same number later.
 * @module
 */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import process from "node:process"

export interface Leader {
  /** Also the number of its group. */
  readonly pid: number
  /** When the system says it was started: a number that is given out again starts at another time. */
  readonly startedAt: string
}

/** The fields behind the name, which may hold anything: state, parent, group … (source: proc_pid_stat(5)). */
const stat = (pid: number): ReadonlyArray<string> | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    return text.slice(text.lastIndexOf(")") + 2).split(" ")
  } catch {
    return undefined
  }
}

const isLinux = process.platform === "linux"

/** Nothing where there is no such process, or only its exit code that nobody has fetched. */
const startOf = (pid: number): string | undefined => {
  if (isLinux) {
    const fields = stat(pid)
    return fields === undefined || fields[0] === "Z" ? undefined : fields[19]
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", `${pid}`], { encoding: "utf8" }).trim()
  } catch {
    return undefined
  }
}

export const leader = (pid: number): Leader => ({ pid, startedAt: startOf(pid) ?? "" })

export const isAlive = ({ pid, startedAt }: Leader): boolean => startOf(pid) === startedAt

const members = (group: number): boolean => {
  if (isLinux) {
    return readdirSync("/proc").some((name) => {
      const fields = /^\d+$/.test(name) ? stat(Number(name)) : undefined
      return fields !== undefined && fields[0] !== "Z" && fields[2] === `${group}`
    })
  }
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}

/** Whether any of the group is left. While one is, the number of its dead leader is not given out again. */
const isGroupAlive = (one: Leader): boolean => {
  const now = startOf(one.pid)
  return now === undefined || now === one.startedAt ? members(one.pid) : false
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Politely, then not; resolves once the last of the group is gone, rejects where it will not go. */
export const endGroup = async (one: Leader, politeMs = 5_000): Promise<void> => {
  for (const [signal, forMs] of [["SIGTERM", politeMs], ["SIGKILL", 10_000]] as const) {
    if (!isGroupAlive(one)) return
    try {
      process.kill(-one.pid, signal)
    } catch {
      // Gone between the look and the signal.
    }
    const until = performance.now() + forMs
    while (performance.now() < until) {
      if (!isGroupAlive(one)) return
      await pause(20)
    }
  }
  throw new Error(`the processes of group ${one.pid} do not end`)
}
