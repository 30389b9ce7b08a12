/**
 * `nexus dead-letters …`: what consumers gave up, and asking that it be tried again. Works on the store itself, also while
 * servers write to it; a process that runs the consumer does what was asked for.
 * @module
 */
import { Effect, type Layer } from "effect"
import { type DeadLetter, DeadLetters, type Filter } from "../core/DeadLetters.ts"
import { BadCursor, type EventStore, StoreUnavailable } from "../core/EventStore.ts"
import { defaults } from "../core/Limits.ts"
import { idPattern, keyOf } from "../core/Stream.ts"
import * as RedrivePlan from "../runtime/RedrivePlan.ts"
import { bare, colored, full, type Paint, plain } from "./paint.ts"
import { plural } from "./schemas/text.ts"
import { anyStore, application, failed, Failure, type Input, type Option, progress, type Verb, wrong } from "./Verb.ts"

export type Open = (input: Input) => Layer.Layer<DeadLetters | EventStore, { readonly message: string }>
type Options = { readonly [name: string]: Option }

const paintOf = ({ color }: Input): Paint => color ? colored : plain
/** Letters of one page, and events shown of one letter. */
const [pageMax, eventMax] = [100, 100]

const filters: Options = {
  tenant: { help: "Whose dead letters", value: "TENANT" },
  consumer: { help: "Of this consumer, or of `router`", value: "NAME" },
  stream: { help: "Of this stream", value: "AGGREGATE/ID" },
}
const operand = "consumer/tenant/Aggregate/id, and the event id of a message, as the list shows it"

/** What is asked for is checked before the store is opened. */
const chosen = Effect.fnUntraced(function* ({ option }: Input) {
  const [tenant, consumer, stream] = [option("tenant"), option("consumer"), option("stream")]
  if (tenant === undefined) return yield* wrong("--tenant is missing: --tenant TENANT")
  for (const [name, text] of [["tenant", tenant], ["consumer", consumer]]) {
    if (text !== undefined && !idPattern.test(text)) return yield* wrong(`--${name} "${text}" is no name of a ${name}`)
  }
  const [aggregate = "", id = "", more] = stream?.split("/") ?? []
  if (stream !== undefined && (more !== undefined || ![aggregate, id].every((part) => idPattern.test(part)))) {
    return yield* wrong("--stream is not Aggregate/id")
  }
  const filter: Filter = {
    ...consumer === undefined ? {} : { consumer },
    ...stream === undefined ? {} : { stream: keyOf({ tenant, aggregate, id }) },
  }
  return { tenant, filter, isSome: consumer !== undefined || stream !== undefined }
})

const tenantOf = (id: string): string => id.split("/")[1] ?? ""
const missing = (id: string) => failed(`there is no dead letter ${full(id)}`)

const opened = <A>(
  open: Open,
  input: Input,
  program: Effect.Effect<A, Failure | StoreUnavailable | BadCursor, DeadLetters | EventStore>,
): Effect.Effect<A, Failure> =>
  program.pipe(
    Effect.provide(open(input)),
    Effect.mapError((error) => {
      if (error instanceof Failure) return error
      if (error instanceof BadCursor) return wrong("--cursor is of another list")
      return failed(
        error instanceof StoreUnavailable ? `the store cannot be asked: ${error.reason}` : error.message,
      )
    }),
  )

const shown = ({ fence: _, ...letter }: DeadLetter) => letter
const time = (ms: number): string => new Date(ms).toISOString()

const letterText = (letter: DeadLetter, paint: Paint): string => {
  const { attempts, error, firstAt, id, kind, lastAt, redriving, type, version } = letter
  const what = kind === "stream" ? `waits at ${version}` : `gave up ${version}`
  return [
    `${paint.strong(full(id))} ${what} ${bare(type)}${redriving ? " (to be redriven)" : ""}`,
    `  ${paint.removed(full(error))}`,
    `  ${paint.dim(`${plural(attempts, "attempt")}, ${time(firstAt)} to ${time(lastAt)}`)}`,
  ].join("\n")
}

const planText = ({ events, next }: RedrivePlan.Plan, paint: Paint): string =>
  [
    ...events.length === 0 ? [paint.dim("  nothing would be handled again")] : [],
    ...events.flatMap(({ problem, schemaVersion, type, version }) => [
      `  ${version} ${bare(type)} v${schemaVersion}`,
      ...problem === undefined ? [] : [paint.removed(`    ! ${full(problem)}`)],
    ]),
    ...next === undefined ? [] : [paint.dim(`  more from version ${next} on`)],
  ].join("\n")

const list = (open: Open): Verb => ({
  name: "dead-letters list",
  help: "List what consumers gave up, the newest first",
  options: {
    ...anyStore,
    ...application,
    ...filters,
    tenant: { ...filters["tenant"]!, required: true },
    limit: { help: `How many, at most ${defaults.page}`, value: "COUNT", default: "50" },
    cursor: { help: "Go on behind an earlier list", value: "CURSOR" },
  },
  run: Effect.fnUntraced(function* (input) {
    const { filter, tenant } = yield* chosen(input)
    const limit = /^[1-9]\d{0,8}$/.test(input.option("limit")!) ? Number(input.option("limit")) : 0
    if (limit === 0) return yield* wrong("--limit is not a whole number from 1 on")
    const page = yield* opened(
      open,
      input,
      Effect.flatMap(
        DeadLetters,
        (letters) => letters.list(tenant, filter, input.option("cursor"), Math.min(limit, defaults.page)),
      ),
    )
    const paint = paintOf(input)
    const lines = page.items.map((letter) => letterText(letter, paint))
    const more = page.cursor === undefined ? [] : [paint.dim(`more: --cursor ${page.cursor}`)]
    const text = lines.length === 0 ? "no dead letters" : [...lines, ...more].join("\n")
    yield* input.print(text, { deadLetters: page.items.map(shown), cursor: page.cursor ?? null })
    return 0
  }),
})

const show = (open: Open): Verb => ({
  name: "dead-letters show",
  help: "Show one dead letter, and what its redrive would do",
  operands: { ID: operand },
  options: { ...anyStore, ...application },
  notes: "Exit code 1: there is none. No payload is shown: `nexus inspect` does that.",
  run: Effect.fnUntraced(function* (input) {
    const id = input.option("ID")!
    const plan = RedrivePlan.make(yield* input.app, eventMax)
    const [letter, would] = yield* opened(
      open,
      input,
      Effect.gen(function* () {
        const letter = yield* (yield* DeadLetters).get(tenantOf(id), id)
        return letter === undefined ? yield* missing(id) : [letter, yield* plan(letter)] as const
      }),
    )
    const paint = paintOf(input)
    const about = `  event ${full(letter.eventId)}${letter.traceId === "" ? "" : `, trace ${full(letter.traceId)}`}`
    const text = [letterText(letter, paint), about, "A redrive would do:", planText(would, paint)].join("\n")
    yield* input.print(text, { deadLetter: shown(letter), plan: { events: would.events, next: would.next ?? null } })
    return 0
  }),
})

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
  return { done, more: cursor !== undefined }
})

const redrive = (open: Open): Verb => ({
  name: "dead-letters redrive",
  help: "Ask that dead letters be tried again; asked twice is asked once",
  optionalOperands: { ID: `${operand}; without it those of the options` },
  options: {
    ...anyStore,
    ...filters,
    all: { help: "All of the tenant" },
    "dry-run": { help: "Show what would be done, by the code of --app, and change nothing" },
    ...application,
    ...progress,
  },
  notes:
    "Name one by its ID, or several by --tenant with --consumer, --stream, both, or --all. A process that runs the\n" +
    "consumer (or the router) does it within a second: what is mended leaves the list, what fails again stays in it.",
  stopped: () => "what it asked for until then stands, the same command goes on",
  run: Effect.fnUntraced(function* (input) {
    const { option } = input
    const id = option("ID")
    const dry = option("dry-run") !== undefined
    const named = ["tenant", "consumer", "stream", "all"].filter((name) => option(name) !== undefined)
    if (id !== undefined && named.length > 0) return yield* wrong(`--${named[0]} does not go with an ID`)
    const some = id === undefined ? yield* chosen(input) : undefined
    // Whoever wants everything says so.
    if (some !== undefined && some.isSome === (option("all") !== undefined)) {
      return yield* wrong("name an ID, or --consumer, --stream or both, or --all alone")
    }
    const paint = paintOf(input)
    const plan = dry ? RedrivePlan.make(yield* input.app, eventMax) : undefined
    const planned: Array<{ readonly letter: DeadLetter; readonly plan: RedrivePlan.Plan }> = []
    const one = Effect.fnUntraced(function* (letter: DeadLetter) {
      if (plan !== undefined) return planned.push({ letter, plan: yield* plan(letter) }) > 0
      return (yield* (yield* DeadLetters).redrive(letter.stream.tenant, letter.id)) !== undefined
    })
    const { done, more } = yield* opened(
      open,
      input,
      Effect.gen(function* () {
        if (some !== undefined) {
          const max = dry ? defaults.page : Infinity
          return yield* each(
            some.tenant,
            some.filter,
            max,
            one,
            (done) => input.progress("redriving", done, undefined, "dead letters"),
          )
        }
        const letter = yield* (yield* DeadLetters).get(tenantOf(id!), id!)
        if (letter === undefined || !(yield* one(letter))) return yield* missing(id!)
        return { done: 1, more: false }
      }),
    )
    const lines = planned.map(({ letter, plan }) => `${letterText(letter, paint)}\n${planText(plan, paint)}`)
    const count = plural(done, "dead letter")
    const end = plan === undefined
      ? `asked for the redrive of ${count}`
      : `${count} would be redriven${more ? ", and more" : ""}; nothing was changed`
    const items = planned.map(({ letter, plan: { events, next } }) => ({
      deadLetter: shown(letter),
      plan: { events, next: next ?? null },
    }))
    yield* input.print([...lines, end].join("\n"), {
      dryRun: dry,
      redriven: dry ? 0 : done,
      ...dry ? { items, more } : {},
    })
    return 0
  }),
})

export const deadLetters = (open: Open): ReadonlyArray<Verb> => [list(open), show(open), redrive(open)]
