import { assert, it } from "vitest"

it("a subject that is misspelt is named, and not measured as none", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "bench/main.ts", "W1", "--subjects", "nexus,Nexsu"],
    stdin: "null",
  }).output()
  assert.strictEqual(code, 2)
  assert.match(new TextDecoder().decode(stderr), /there is no subject "Nexsu", but raw, nexus, /)
})
