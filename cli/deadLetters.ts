/**
 * `nexus dead-letters …`: what consumers gave up, and asking that it be tried again or given up for good. Works on the
 * store itself, also while servers write to it; a process that runs the consumer does what was asked for.
 * @module
 */
import { Effect } from "effect"
import { DeadLetters } from "../core/DeadLetters.ts"
import { defaults } from "../core/Limits.ts"
import * as RedrivePlan from "../runtime/RedrivePlan.ts"
import { discard, redrive } from "./askLetters.ts"
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
  paintOf,
  planText,
  shown,
  tenantOf,
} from "./letters.ts"
import { full } from "./paint.ts"
import { anyStore, application, type Verb, wrong } from "./Verb.ts"

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
      Effect.gen(function* () {
        const letters = yield* DeadLetters
        const page = yield* letters.list(tenant, filter, input.option("cursor"), Math.min(limit, defaults.page))
        if (page.items.length === 0) yield* meant(input, tenant, filter)
        return page
      }),
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
    yield* input.print(text, { deadLetter: shown(letter), plan: RedrivePlan.toJson(would) })
    return 0
  }),
})

export const deadLetters = (open: Open): ReadonlyArray<Verb> => [list(open), show(open), redrive(open), discard(open)]
