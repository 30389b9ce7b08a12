/**
 * The statements of the buses and queues, prepared once per connection with all others.
 * @module
 */
import type { Driver } from "./driver.ts"

export const prepareBuses = (driver: Driver) => ({
  /** The numbers of an empty bus are such that nothing was forgotten. */
  busEnds: driver.prepare(`
    SELECT coalesce((SELECT max(record_no) FROM bus_records), 0) AS last,
      coalesce((SELECT min(record_no) FROM bus_records), 1) AS first,
      (SELECT published_at FROM bus_records ORDER BY record_no DESC LIMIT 1) AS newest,
      (SELECT published_at FROM bus_records ORDER BY record_no LIMIT 1) AS oldest`),
  insertRecord: driver.prepare(`
    INSERT INTO bus_records (published_at, stream_no, first_version, last_version, previous_core, versions)
    VALUES (?, ?, ?, ?, ?, ?)`),
  /**
   * Times never fall from one number to the next: the oldest are the first, without an index. Only a call that adds one
   * prunes, so that the newest stays and numbers only rise.
   */
  pruneRecords: driver.prepare(`
    DELETE FROM bus_records WHERE record_no <= (
      SELECT max(record_no) FROM (SELECT record_no, published_at FROM bus_records ORDER BY record_no LIMIT ?2)
      WHERE published_at < ?1)`),
  recordTime: driver.prepare("SELECT published_at FROM bus_records WHERE record_no = ?"),
  records: driver.prepare(`
    SELECT r.*, k.tenant, k.aggregate, s.id FROM bus_records r
    CROSS JOIN events s ON s.position = r.stream_no CROSS JOIN kinds k ON k.kind_no = s.kind_no
    WHERE r.record_no > ? ORDER BY r.record_no LIMIT ?`),

  queue: driver.prepare("SELECT queue_no, interests FROM queues WHERE name = ?"),
  queues: driver.prepare("SELECT queue_no, interests FROM queues WHERE interests <> '[]'"),
  saveQueue: driver.prepare(`
    INSERT INTO queues (name, interests) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET interests = excluded.interests RETURNING queue_no`),
  sendMessage: driver.prepare(`
    INSERT INTO messages (queue_no, visible_at, receives, sent_at, body) VALUES (?1, ?2, 0, ?2, ?3)`),
  /** Of all queues, the oldest by number, which is the oldest by time unless the clock was set back: then later. */
  pruneMessages: driver.prepare(`
    DELETE FROM messages WHERE message_no IN (
      SELECT message_no FROM (SELECT message_no, sent_at FROM messages ORDER BY message_no LIMIT ?2)
      WHERE sent_at < ?1)`),
  /** When there is one to receive: now where one is hidden for longer than may be. */
  nextMessage: driver.prepare(`
    SELECT iif((SELECT max(visible_at) FROM messages WHERE queue_no = ?1) > ?2 + ?3, ?2,
      (SELECT min(visible_at) FROM messages WHERE queue_no = ?1)) AS at`),
  showMessages: driver.prepare(`
    UPDATE messages SET visible_at = ?2 WHERE message_no IN (
      SELECT message_no FROM messages WHERE queue_no = ?1 AND visible_at > ?2 + ?3 ORDER BY visible_at DESC LIMIT ?4)`),
  dueMessages: driver.prepare(`
    SELECT message_no, receives, sent_at, body FROM messages WHERE queue_no = ? AND visible_at <= ?
    ORDER BY visible_at LIMIT ?`),
  receiveMessage: driver.prepare("UPDATE messages SET receives = receives + 1, visible_at = ? WHERE message_no = ?"),
  buryMessage: driver.prepare(`
    UPDATE messages SET queue_no = -queue_no, visible_at = ?, receives = 0 WHERE message_no = ?`),
  removeMessage: driver.prepare("DELETE FROM messages WHERE message_no = ? AND queue_no = ?"),
  /** Whoever received it since is not disturbed by an older receipt. */
  hideMessage: driver.prepare(
    "UPDATE messages SET visible_at = ?1 WHERE message_no = ?2 AND queue_no = ?3 AND receives = ?4",
  ),
})
