/**
 * What the compiler says to a user who errs: the first line of its message, by snippets compiled all at once.
 *
 * That they do not compile is shown by the `.types.ts` files; here the point is that one line says what is wrong.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const header = `import { Schema } from "effect"
import { Command, Contract, Event, Rejection } from "nexus-actors/schemas"
import { accept, Actors, Aggregate, reject } from "nexus-actors/core"
class NotOpen extends Rejection("NotOpen") {}
class Overdrawn extends Rejection("Overdrawn", { balancePence: Schema.Int }, 409) {}
class Deposit extends Command("Deposit", { pence: Schema.Int }, [NotOpen]) {}
class Withdraw extends Command("Withdraw", { pence: Schema.Int }, [NotOpen, Overdrawn]) {}
class Deposited extends Event.v1("Deposited", { pence: Schema.Int }) {}
class Withdrawn extends Event.v1("Withdrawn", { pence: Schema.Int }) {}
class Account extends Contract.make("Account", { commands: [Deposit, Withdraw], events: [Deposited, Withdrawn] }) {}
const State = Schema.TaggedUnion({ Closed: {}, Open: { balancePence: Schema.Int } })
const account = Aggregate.make(Account, State, { _tag: "Closed" })
const decided = account.decide({ Deposit: () => accept(), Withdraw: () => accept() })
`

interface Mistake {
  readonly what: string
  readonly code: string
  /** Parts of the first line, in order. */
  readonly says: ReadonlyArray<string>
}

const mistakes: ReadonlyArray<Mistake> = [
  {
    what: "a rejection of another command",
    code: `account.decide({ Deposit: () => reject(new Overdrawn({ balancePence: 0 })), Withdraw: () => accept() })`,
    says: ["Type 'Result<never, Overdrawn>' is not assignable to type 'Decision<Deposited | Withdrawn, NotOpen>'"],
  },
  {
    what: "an event of another contract",
    code: `class Alien extends Event.v1("Alien", {}) {}
account.decide({ Deposit: () => accept(new Alien()), Withdraw: () => accept() })`,
    says: ["Type 'Result<[Alien], never>' is not assignable to type 'Decision<Deposited | Withdrawn, NotOpen>'"],
  },
  {
    what: "a command without a handler",
    code: `account.decide({ Deposit: () => accept() })`,
    says: ["Property 'Withdraw' is missing", "but required in type 'Decide<typeof Account, "],
  },
  {
    what: "an event without an evolve case",
    code: `decided.evolve({ Deposited: (state) => state })`,
    says: ["Property 'Withdrawn' is missing", "but required in type 'Evolve<typeof Account, "],
  },
  {
    what: "a state of another type",
    code: `decided.evolve({ Deposited: () => ({ _tag: "Open", balancePence: "0" }), Withdrawn: (state) => state })`,
    says: ["Type 'string' is not assignable to type 'number'"],
  },
  {
    what: "an initial state that is none",
    code: `Aggregate.make(Account, State, { _tag: "Opne" })`,
    says: [`Type '"Opne"' is not assignable to type '"Closed" | "Open"'`],
  },
  {
    what: "a misspelt payload field",
    code: `new Deposited({ pense: 1 })`,
    says: ["'pense' does not exist in type '{ readonly pence: number; }'. Did you mean to write 'pence'?"],
  },
  {
    what: "a payload field of another type",
    code: `new Deposited({ pence: "1" })`,
    says: ["Type 'string' is not assignable to type 'number'"],
  },
  {
    what: "an upcaster that gives another type",
    code: `Event.v1("E", { a: Schema.Int }).v2({ a: Schema.String }, (old) => ({ a: old.a }))`,
    says: ["Type 'number' is not assignable to type 'string'"],
  },
  {
    what: "an upcaster that forgets a field",
    code: `Event.v1("E", { a: Schema.Int }).v2({ a: Schema.Int, b: Schema.String }, (old) => ({ a: old.a }))`,
    says: [
      "Property 'b' is missing in type '{ readonly a: number; }' but required in type '{ readonly a: number; readonly b: string; }'",
    ],
  },
  {
    what: "a skipped version",
    code: `Event.v1("E", { a: Schema.Int }).v3`,
    says: [`Property 'v3' does not exist on type 'Event<"E", `],
  },
  {
    what: "a command that does not exist",
    code: `Actors.ask(Account, "a-1").Deposite({ pence: 1 })`,
    says: ["Property 'Deposite' does not exist on type 'Client<typeof Account>'. Did you mean 'Deposit'?"],
  },
]

/** The first line about each file, without its place. */
let firstLines: ReadonlyMap<string, string> = new Map()
let folder = ""

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nexus-messages-"))
  const root = process.cwd()
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  const paths = { "nexus-actors/*": [join(root, "*", "mod.ts")] }
  const compilerOptions = { types: [], paths, noEmit: true }
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] }
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`)
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
  const right = { code: `decided.evolve({ Deposited: (state) => state, Withdrawn: (state) => state })` }
  ;[right, ...mistakes].forEach(({ code }, index) =>
    writeFileSync(
      join(folder, `${index}.ts`),
      `${header}${code}\nexport const used = [Actors, Event, reject, decided]\n`,
    )
  )
  const output = compile(folder)
  const lines = output.split("\n").flatMap((line) => {
    const [, file, message] = /^(\d+)\.ts\(\d+,\d+\): error TS\d+: (.*)$/.exec(line) ?? []
    return file === undefined || message === undefined ? [] : [[file, message] as const]
  })
  firstLines = new Map(lines.toReversed())
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

/** The compiler's output; it ends with a code other than 0, for there are errors. */
const compile = (project: string): string => {
  const tsc = join(process.cwd(), "node_modules/typescript/bin/tsc")
  try {
    execFileSync(process.execPath, ["run", "-A", tsc, "--pretty", "false", "-p", project], {
      cwd: project,
      timeout: 60_000,
    })
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout)
  }
  return ""
}

describe("the compiler", () => {
  it("has nothing to say about what is right", () => {
    assert.deepEqual([...firstLines.keys()].toSorted(), mistakes.map((_, index) => String(index + 1)).toSorted())
  })
  mistakes.forEach(({ what, says }, index) =>
    it(`says what is wrong with ${what}`, () => {
      const line = firstLines.get(String(index + 1)) ?? "it compiled"
      for (const part of says) assert.include(line, part)
    })
  )
})
