/**
 * `nexus dead-letters redrive` and `discard`: asks something of one dead letter, or of those of a filter.
 * @module
 */
import { Effect } from "effect"
import { type Ask, type DeadLetter, DeadLetters, type Filter } from "../core/DeadLetters.ts"
import { defaults } from "../core/Limits.ts"
import * as Discard from "../runtime/Discard.ts"
import * as RedrivePlan from "../runtime/RedrivePlan.ts"
import {
  chosen,
  eventMax,
  filters,
  letterText,
  meant,
  missing,
  type Open,
  opened,
  operand,
  type Options,
  paintOf,
  planText,
  shown,
  tenantOf,
} from "./letters.ts"
import { plural } from "./schemas/text.ts"
import { anyStore, application, failed, type Input, progress, type Verb, versionPattern, wrong } from "./Verb.ts"

/** Letters of one page. */
const pageMax = 100

/** All of a filter, page by page; `f` says whether it did something. */
const each = Effect.fnUntraced(function* <E, R>(
  tenant: string,
  filter: Filter,
  max: number,
  f: (letter: DeadLetter) => Effect.Effect<boolean, E, R>,
  report: (done: number) => void,
) {
  const letters = yield* DeadLetters
  let [cursor, looked, done] = [undefined as string | undefined, 0, 0]
  do {
    const page = yield* letters.list(tenant, filter, cursor, Math.min(pageMax, max - looked))
    for (const letter of page.items) {
      if (yield* f(letter)) done++
      report(done)
    }
    looked += page.items.length
    cursor = page.cursor
  } while (cursor !== undefined && looked < max)
  return { done, more: cursor !== undefined, looked }
})

const refusals = {
  NotDiscardable: () => failed("it is the router's, and every consumer is behind it: mend the cause and redrive it"),
  LetterChanged: ({ version }: Discard.LetterChanged) =>
    failed(`it stands at version ${version} now: look at it again; nothing was asked for`),
}

/** Those of a filter that are meant, and what was seen of the one that was named. */
interface Meant {
  readonly means: (letter: DeadLetter) => boolean
  readonly version: number | undefined
}

const run = Effect.fnUntraced(function* (open: Open, what: Ask, input: Input, { means, version }: Meant) {
  const { option } = input
  const id = option("ID")
  const dry = option("dry-run") !== undefined
  const some = id === undefined ? yield* chosen(input) : undefined
  const paint = paintOf(input)
  const plan = dry ? RedrivePlan.make(yield* input.app, eventMax, what) : undefined
  const planned: Array<{ readonly letter: DeadLetter; readonly plan: RedrivePlan.Plan }> = []
  const one = Effect.fnUntraced(function* (letter: DeadLetter, version: number) {
    if (plan !== undefined) return planned.push({ letter, plan: yield* plan(letter) }) > 0
    return (yield* Discard.ask(what, letter, version)) !== undefined
  })
  const { done, more } = yield* opened(
    open,
    input,
    Effect.gen(function* () {
      if (some !== undefined) {
        const found = yield* each(
          some.tenant,
          some.filter,
          dry ? defaults.page : Infinity,
          (letter) =>
            means(letter)
              // One that has gone on since it was listed is not what was meant any more.
              ? Effect.catchTag(
                one(letter, letter.version),
                ["LetterChanged", "NotDiscardable"],
                () => Effect.succeed(false),
              )
              : Effect.succeed(false),
          (done) => input.progress(what === "redrive" ? "redriving" : "discarding", done, undefined, "dead letters"),
        )
        if (found.looked === 0) yield* meant(input, some.tenant, some.filter)
        return found
      }
      const letter = yield* (yield* DeadLetters).get(tenantOf(id!), id!)
      if (letter === undefined) return yield* missing(id!)
      const asked = Effect.gen(function* () {
        if (dry && what === "discard") yield* Discard.check(letter, version)
        return yield* one(letter, version ?? letter.version)
      })
      if (!(yield* Effect.catchTags(asked, refusals))) return yield* missing(id!)
      return { done: 1, more: false }
    }),
  )
  const lines = planned.map(({ letter, plan }) => `${letterText(letter, paint)}\n${planText(plan, paint)}`)
  const [count, end] = [plural(done, "dead letter"), what === "redrive" ? "redriven" : "discarded"]
  const said = !dry
    ? `asked for the ${what} of ${count}`
    : `${count} would be ${end}${more ? ", and more" : ""}; nothing was changed`
  const items = planned.map(({ letter, plan }) => ({ deadLetter: shown(letter), plan: RedrivePlan.toJson(plan) }))
  yield* input.print([...lines, said].join("\n"), { dryRun: dry, [end]: dry ? 0 : done, ...dry ? { items, more } : {} })
  return 0
})

const common: Options = { ...anyStore, ...filters }
const dryRun = { help: "Show what would be done, by the code of --app, and change nothing" }
const stopped = () => "what it asked for until then stands, the same command goes on"

/** Which of these options were given. */
const given = ({ option }: Input, names: ReadonlyArray<string>) => names.filter((name) => option(name) !== undefined)

export const redrive = (open: Open): Verb => ({
  name: "dead-letters redrive",
  help: "Ask that dead letters be tried again; asked twice is asked once",
  optionalOperands: { ID: `${operand}; without it those of the options` },
  options: {
    ...common,
    all: { help: "All of the tenant" },
    "dry-run": dryRun,
    ...application,
    ...progress,
  },
  notes:
    "Name one by its ID, or several by --tenant with --consumer, --stream, both, or --all. A process that runs the\n" +
    "consumer (or the router) does it within a second: what is mended leaves the list, what fails again stays in it.",
  stopped,
  run: Effect.fnUntraced(function* (input) {
    const hasId = input.option("ID") !== undefined
    const [named] = given(input, ["tenant", "consumer", "stream", "all"])
    if (hasId && named !== undefined) return yield* wrong(`--${named} does not go with an ID`)
    // Whoever wants everything says so.
    if (!hasId && (yield* chosen(input)).isSome === (input.option("all") !== undefined)) {
      return yield* wrong("name an ID, or --consumer, --stream or both, or --all alone")
    }
    return yield* run(open, "redrive", input, { means: () => true, version: undefined })
  }),
})

export const discard = (open: Open): Verb => ({
  name: "dead-letters discard",
  help: "Ask that the events of dead letters be given up for their consumer, for good",
  optionalOperands: { ID: `${operand}; without it those of the options` },
  options: {
    ...common,
    seen: { help: "The version of the ID, as the list showed it: exactly this event is given up", value: "VERSION" },
    until: { help: "Of the others, the newest that was seen: what failed later is left", value: "TIME" },
    "dry-run": dryRun,
    ...application,
    ...progress,
  },
  notes:
    "Name one by its ID and --seen, or several by --tenant with --consumer, --stream or both and --until; a dry run\n" +
    "needs neither. A process that runs the consumer does it within a second. Of a stream the one event in front is given\n" +
    "up, and the later ones are handled in order. The router's are refused, or left.",
  stopped,
  run: Effect.fnUntraced(function* (input) {
    const { option } = input
    const [id, dry] = [option("ID"), option("dry-run") !== undefined]
    const [named] = given(input, id === undefined ? ["seen"] : ["tenant", "consumer", "stream", "until"])
    if (named !== undefined) {
      return yield* wrong(`--${named} ${id === undefined ? "goes only with" : "does not go with"} an ID`)
    }
    if (id === undefined && !(yield* chosen(input)).isSome) {
      return yield* wrong("name an ID, or --consumer, --stream or both")
    }
    const seen = option("seen")
    if (seen !== undefined && !versionPattern.test(seen)) return yield* wrong("--seen is not a version")
    const until = option("until") ?? ""
    const untilMs = timePattern.test(until) ? Date.parse(until) : NaN
    if (until !== "" && Number.isNaN(untilMs)) return yield* wrong("--until is not a time as the list shows it")
    // Whoever gives something up says what was seen of it.
    if (!dry && id !== undefined && seen === undefined) {
      return yield* wrong("--seen is missing: the version that the list shows")
    }
    if (!dry && id === undefined && until === "") {
      return yield* wrong("--until is missing: the newest time of the list")
    }
    return yield* run(open, "discard", input, {
      means: (letter) => Discard.isDiscardable(letter) && (until === "" || letter.lastAt <= untilMs),
      version: seen === undefined ? undefined : Number(seen),
    })
  }),
})

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/
