/**
 * A process that takes one command as soon as it can: `start.ts <subject> <folder>`. It says `READY` and ends.
 * @module
 */
export {}

const [name = "", folder = ""] = Deno.args
const request = async () => (await import("./domain.ts")).placeOrder("first")

/** The version that the command made. */
const first: Readonly<Record<string, () => Promise<number>>> = {
  bare: () => Promise.resolve(1),
  "nexus-http": async () => {
    const { post, serve } = await import("./http/nexus.ts")
    const { headers, url } = await serve(folder)
    const body = JSON.stringify((await request()).payload)
    const answer = await fetch(url + post("first"), { method: "POST", headers, body })
    const { version }: { readonly version: number } = JSON.parse(await answer.text())
    return version
  },
}

const ofSubject = async (): Promise<number> => {
  const { load } = await import("./registry.ts")
  const running = await (await load[name]!()).open(folder)
  return (await running.send("first", await request())).version
}

const version = await (first[name] ?? ofSubject)()
if (version !== 1) throw new Error(`the first command made version ${version}`)
console.log("READY")
Deno.exit(0)
