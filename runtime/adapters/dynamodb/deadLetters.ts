/**
 * Dead letters as items: one conditional write each. Two sparse indexes list them, a moment late.
 * @module
 */
import { Effect } from "effect"
import * as Cursor from "../../../core/Cursor.ts"
import {
  again,
  asking,
  type DeadLetter,
  DeadLetters,
  type Failure,
  type Filter,
  firstFence,
  idOf,
  type Shape,
} from "../../../core/DeadLetters.ts"
import { BadCursor, StoreUnavailable } from "../../../core/EventStore.ts"
import { keyOf } from "../../../core/Stream.ts"
import { isPlace } from "./items.ts"
import { type Expression, isAbsent, type Key, type Row, type Rows, token as newToken } from "./rows.ts"

const placeOf = (id: string): Key => ({ pk: `letter#${id}`, sk: "letter" })
/** In both indexes; `#` sorts before every character that an id may have. */
const timeOf = (lastAt: number, id = ""): string => `${String(lastAt).padStart(16, "0")}#${id}`

/** `redriving` holds the consumer while anything is asked, for the index; `discard` is there where it is that. */
const letterOf = ({ discard, fence, letter, redriving }: Row): DeadLetter => ({
  ...JSON.parse(`${letter}`) as Failure,
  asked: redriving === undefined ? "nothing" : discard === undefined ? "redrive" : "discard",
  fence: Number(fence),
})
const askedOf = ({ asked, consumer }: Pick<DeadLetter, "asked" | "consumer">) => ({
  ...asked === "nothing" ? {} : { redriving: consumer },
  ...asked === "discard" ? { discard: 1 } : {},
})
const rowOf = ({ asked, fence, ...letter }: DeadLetter, token: string): Row & Key => ({
  ...placeOf(letter.id),
  tenant: letter.stream.tenant,
  at: timeOf(letter.lastAt, letter.id),
  consumer: letter.consumer,
  stream: keyOf(letter.stream),
  letter: JSON.stringify(letter),
  ...askedOf({ asked, consumer: letter.consumer }),
  fence,
  token,
})

/** Rivals that may come in between, before a letter is refused. */
const attemptsMax = 64
/** As conditions: nothing else was asked meanwhile. */
const unchanged = {
  nothing: "attribute_not_exists(#redriving)",
  redrive: "attribute_exists(#redriving) AND attribute_not_exists(#discard)",
  discard: "attribute_exists(#discard)",
} as const
/** Fences of parked streams raised at once. */
const atOnce = 16

const filterOf = ({ consumer, stream }: Filter): Expression | undefined => {
  const values = { ...consumer === undefined ? {} : { consumer }, ...stream === undefined ? {} : { stream } }
  const text = Object.keys(values).map((name) => `#${name} = :${name}`).join(" AND ")
  return text === "" ? undefined : { text, values }
}

export const make = (rows: Rows): Shape =>
  DeadLetters.of({
    put: Effect.fnUntraced(function* (letter) {
      const [fence, token] = [yield* firstFence, yield* newToken]
      let kept: DeadLetter | undefined
      for (let i = 0; i < attemptsMax; i++) {
        const next: DeadLetter = kept === undefined ? { ...letter, asked: "nothing", fence } : again(kept, letter)
        const condition = kept === undefined ? isAbsent : { text: "#fence = :kept", values: { kept: kept.fence } }
        const written = yield* rows.put({ row: rowOf(next, token), condition })
        if (written._tag === "Done") return next
        // The answer to an earlier attempt was lost: it is there.
        if (written.found?.["token"] === token) return letterOf(written.found)
        kept = written.found && letterOf(written.found)
      }
      return yield* new StoreUnavailable({ reason: "contended" })
    }),
    get: (tenant, id) =>
      Effect.map(rows.get(placeOf(id)), (row) => row?.["tenant"] === tenant ? letterOf(row) : undefined),
    list: Effect.fnUntraced(function* (tenant, filter, cursor, limit) {
      const asked = ["dynamodb", "dead-letters", tenant, filter.consumer ?? "", filter.stream ?? ""]
      const after = yield* Cursor.decode<[number, string]>(asked, "is", cursor)
      if (after !== undefined && !isPlace(timeOf(...after))) return yield* new BadCursor()
      const of = filterOf(filter)
      const found = yield* rows.query({
        index: "LetterIndex",
        where: {
          text: "#tenant = :tenant AND #at < :at",
          values: { tenant, at: after === undefined ? "~" : timeOf(...after) },
        },
        ...of === undefined ? {} : { filter: of },
        isBackwards: true,
        // One more than asked for tells whether there is another page.
        limit: limit + 1,
      })
      return Cursor.paged(found.map(letterOf), limit, ({ id, lastAt }) => Cursor.encode(asked, [lastAt, id]))
    }),
    parked: Effect.fnUntraced(function* (consumer, streams) {
      const byKey = new Map(streams.map((stream) => [placeOf(idOf(consumer, stream)).pk, stream]))
      const found = yield* rows.getEach([...byKey.keys()].map((pk) => ({ pk, sk: "letter" })))
      const passedBy = yield* Effect.forEach(
        found.map(({ pk }) => byKey.get(`${pk}`)!),
        (stream) =>
          Effect.map(
            rows.update(
              placeOf(idOf(consumer, stream)),
              { text: "ADD #fence :one", values: { one: 1 } },
              { text: "attribute_exists(#pk)" },
            ),
            // Whoever was refused came behind the end of its redrive.
            ({ _tag }) => _tag === "Done" ? [keyOf(stream)] : [],
          ),
        { concurrency: atOnce },
      )
      return new Set(passedBy.flat())
    }),
    ask: Effect.fnUntraced(function* (tenant, id, what, version) {
      let kept = yield* rows.get(placeOf(id))
      for (let i = 0; i < attemptsMax; i++) {
        if (kept?.["tenant"] !== tenant) return undefined
        const letter = letterOf(kept)
        if (asking(letter, what, version) === letter) return letter
        const written = yield* rows.update(
          placeOf(id),
          what === "discard"
            ? { text: "SET #redriving = #consumer, #discard = :one ADD #fence :one", values: { one: 1 } }
            : { text: "SET #redriving = #consumer REMOVE #discard ADD #fence :one", values: { one: 1 } },
          // The fence rises with whatever passes by; what it stands for changes with each failure and each question.
          {
            text: `#letter = :letter AND ${unchanged[letter.asked]}`,
            values: { letter: `${kept["letter"]}` },
          },
        )
        if (written._tag === "Done") return letterOf(written.row)
        kept = written.found
      }
      return yield* new StoreUnavailable({ reason: "contended" })
    }),
    asked: Effect.fnUntraced(function* (consumer, limit) {
      const listed = yield* rows.query({
        index: "RedriveIndex",
        where: { text: "#redriving = :consumer", values: { consumer } },
        limit,
      })
      // The index lags: what was done since, or has failed again, may stand in it yet, and would be done twice.
      const found = yield* rows.getEach(listed.map(({ pk }) => ({ pk: `${pk}`, sk: "letter" })))
      const now = new Map(found.map((row) => [row["pk"], row]))
      return listed.flatMap(({ pk }) => {
        const row = now.get(pk)
        return row?.["redriving"] === undefined ? [] : [letterOf(row)]
      })
    }),
    resolve: ({ fence, id }) =>
      Effect.map(
        rows.drop(placeOf(id), { text: "attribute_not_exists(#pk) OR #fence = :fence", values: { fence } }),
        ({ _tag }) => _tag === "Done",
      ),
  })
