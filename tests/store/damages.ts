/**
 * What may be wrong in a store, done to a copy of the one that `verify.test.ts` fills.
 * @module
 */
import { tombstone } from "../../core/EventStore.ts"

/** The rows of one counter's events. */
export const of = (id: string) => `stream_no = (SELECT position FROM events WHERE id = '${id}')`
/** What is done to a copy, and the first place that is then named. */
export const damages: Readonly<
  Record<string, readonly [sql: string, stream: string, version: number | undefined, problem: RegExp]>
> = {
  "a payload that no longer fits": [
    `UPDATE events SET payload = '{"n":"many"}' WHERE version = 5 AND ${of("b")}`,
    "t1/Counter/b",
    5,
    /does not fit Counter\.Added\.v1: \/n/,
  ],
  "a payload that fits, but is another": [
    `UPDATE events SET payload = '{"n":7}' WHERE version = 5 AND ${of("b")}`,
    "t1/Counter/b",
    10,
    /snapshot differs from the fold/,
  ],
  "a payload that is no JSON": [
    `UPDATE events SET payload = '{' WHERE version = 5 AND ${of("b")}`,
    "t1/Counter/b",
    5,
    /JSON/,
  ],
  "an event type that nobody knows": [
    `UPDATE events SET type = 'Lost' WHERE version = 5 AND ${of("b")}`,
    "t1/Counter/b",
    5,
    /Counter\.Lost\.v1 is unknown/,
  ],
  "an event that is gone": [
    `DELETE FROM events WHERE version = 5 AND ${of("b")}`,
    "t1/Counter/b",
    6,
    /version 5 is missing/,
  ],
  "a first event that is gone": [
    `DELETE FROM events WHERE version IN (1, 2) AND ${of("b")}`,
    // The name went with it.
    "",
    3,
    /belongs to no stream/,
  ],
  "a time that goes back": [
    `UPDATE events SET recorded_at = 5 WHERE version = 6 AND ${of("b")}`,
    "t1/Counter/b",
    6,
    /recordedAt is earlier/,
  ],
  "an event behind a tombstone": [
    `UPDATE events SET type = '${tombstone.type}' WHERE version = 3 AND ${of("b")}`,
    "t1/Counter/b",
    4,
    /behind a tombstone/,
  ],
  "a last event that is gone": [
    `DELETE FROM events WHERE version >= 23 AND ${of("b")}`,
    "t1/Counter/c",
    1,
    /position 48, just before this one in the feed, is missing/,
  ],
  "a receipt from the future": [
    `UPDATE receipts SET version = 99 WHERE command_id = 'refused' AND stream = 't1/Counter/b'`,
    "t1/Counter/b",
    99,
    /receipt of refused is newer/,
  ],
  "a receipt on a stream that has nothing": [
    `UPDATE receipts SET version = 1 WHERE stream = 't1/Counter/empty'`,
    "t1/Counter/empty",
    1,
    /receipt of refused is newer/,
  ],
  "a snapshot with another state": [
    `UPDATE snapshots SET state = '{"total":7}' WHERE version = 20 AND stream = 't1/Counter/b'`,
    "t1/Counter/b",
    20,
    /snapshot is corrupt/,
  ],
  "a snapshot of other events": [
    `UPDATE snapshots SET event_id = 'x' WHERE version = 10 AND stream = 't1/Counter/b'`,
    "t1/Counter/b",
    10,
    /snapshot is corrupt/,
  ],
  "a snapshot from the future": [
    `UPDATE snapshots SET version = 99 WHERE version = 20 AND stream = 't1/Counter/b'`,
    "t1/Counter/b",
    99,
    /snapshot is newer/,
  ],
  "a version that nothing leads to": [
    `DELETE FROM new_places WHERE version = 24 AND ${of("b")}`,
    "t1/Counter/b",
    24,
    /no place leads to this version/,
  ],
  "a version that leads elsewhere": [
    `UPDATE new_places SET position = position - 1 WHERE version = 24 AND ${of("b")}`,
    "t1/Counter/b",
    24,
    /no place leads to this version/,
  ],
  "an event that no list by time has": [
    `DELETE FROM spans WHERE first_position <= 25 AND last_position >= 25`,
    "t1/Counter/b",
    1,
    /not listed by its time/,
  ],
  "a list by time with other events": [
    `UPDATE spans SET first_position = first_position - 1
      WHERE first_position = (SELECT max(first_position) FROM spans)`,
    "",
    undefined,
    /list by time holds other events/,
  ],
  "an event of no stream": [`UPDATE events SET stream_no = 77 WHERE version = 24 AND ${of("b")}`, "", 24, /no stream/],
}
