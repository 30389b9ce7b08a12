/**
 * Every bound of the system in one place; each may be lowered, `commandsPerSecond` also raised.
 *
 * A bound met is a typed refusal, never a silent cut.
 * @module
 */
import { Context } from "effect"

const KiB = 1024

export const defaults = {
  /** Bytes of a command's body. */
  bodyBytes: 128 * KiB,
  jsonDepth: 32,
  jsonKeys: 1_000,
  jsonItems: 10_000,
  headerBytes: 16 * KiB,
  urlBytes: 2 * KiB,
  /** Commands a second, a principal and process (token bucket). */
  commandsPerSecond: 1_000,
  headersTimeoutMs: 5_000,
  bodyTimeoutMs: 10_000,
  /** Bounds the answer; the append goes on and its receipt answers the repeat. */
  requestTimeoutMs: 30_000,
  jwksTimeoutMs: 5_000,
  jwksBytes: 256 * KiB,
  /** Keys older than this are fetched again; while they cannot be, the old ones serve up to `jwksStaleMs`. */
  jwksMaxAgeMs: 10 * 60_000,
  jwksStaleMs: 15 * 60_000,
  jwksFetchesPerMinute: 3,
  /** By its `iat`. */
  tokenAgeMs: 24 * 3_600_000,
  clockToleranceMs: 60_000,
  /** Verified tokens remembered, each for `tokenCacheMs` and never beyond its expiry. */
  tokenCache: 10_000,
  tokenCacheMs: 60_000,
  /** Principals whose rate is watched at once. */
  rateBuckets: 10_000,
  /** `/health/ready` says no once the store has failed for so long. */
  storeFailingMs: 5_000,
  /** Commands waiting for one actor. */
  mailbox: 1_000,
  /** Actors in memory; the longest idle leave first. */
  actors: 100_000,
  /** Groups under way at once; a store that answers at once never has more than one. */
  ticks: 16,
  /** An actor that was not asked for so long leaves memory. */
  idleMaxMs: 15 * 60_000,
  /** Temporal queries of one client (tenant and subject) in any `queryWindowMs`. */
  queries: 10,
  queryWindowMs: 60_000,
  /** A client idle for so long is forgotten: only a clock set back by more could show it. */
  queryMemoryMs: 24 * 3_600_000,
  /** The longest time range that is listed. */
  rangeMs: 90 * 24 * 3_600_000,
  /** A time range is settled up to so long ago: what was committed at an earlier time has become visible since. A store may need longer. */
  settleMs: 1_000,
  eventsPerCommand: 50,
  page: 500,
  eventBytes: 350_000,
  /** An SNS message holds 256 KiB with its envelope. */
  secondaryEventBytes: 200_000,
  /** Bytes of a rejection's members: its receipt is one item of the store, beside others in one transaction. */
  rejectionBytes: 64 * KiB,
  /** Bytes of all events of one command. */
  appendBytes: 3_500_000,
  /** Attempts to store a command: after lost races, refusals of the store and unknown outcomes taken together. */
  attempts: 8,
  attemptBackoffMs: 5,
  attemptBackoffMaxMs: 500,
  /** Defects an actor survives within `restartWindowMs`; then it is unavailable for `coolDownMs`. */
  restarts: 5,
  restartWindowMs: 60_000,
  restartBackoffMs: 50,
  restartBackoffMaxMs: 2_000,
  coolDownMs: 30_000,
  /** How often idle actors and overdue answers are looked for. */
  sweepMs: 1_000,
  /** Of what may break again and again the log has one line of each place in so long; metrics count every one. */
  logLineMs: 60_000,
  /** Places that have a line of their own; the others share one. */
  logPlaces: 1_000,
  /** Shutdown answers what it took for so long, and refuses the rest. */
  drainMs: 10_000,
  /** Receipts of rejections and no-ops are kept at least so long. */
  receiptTtlMs: 24 * 3_600_000,
  /** Snapshots waiting to be written; more are skipped, the next append looks again. */
  snapshotQueue: 1_000,
  /** The writer of snapshots rests so long between rounds; what is due meanwhile is written in the next. */
  snapshotPauseMs: 100,
  snapshotsKept: 2,
  /** Spans that wait for the receiver of traces; more are dropped and counted. */
  exportQueue: 8_192,
  /** Spans of one request to it. */
  exportBatch: 512,
  exportTimeoutMs: 10_000,
  /** At shutdown each receiver is given so long to take what is left. */
  exportFlushMs: 1_000,
  /** Bytes of one line of an export; a payload of `eventBytes` may be written with escapes. */
  exportLineBytes: 4 * 1024 * KiB,
  /** Events decoded before the loop is given back, so that a long load starves no timer. */
  loadPage: 250,
  /** Events that the tail of the feed reads at once. */
  tailPage: 100,
  /**
   * Between two reads of the tail that found something, so that commits share them. Longer than a frame may take of
   * `framesPerSecond`: a socket with one subscription keeps up, however fast events come.
   */
  tailPauseMs: 12,
  /** The tail looks so often for what other processes wrote. */
  tailPollMs: 100,
  /** Where a bus feeds the tail, each shard is read so often, and all that the bus does not bring is looked for so often. */
  tailBusMs: 1_000,
  tailSweepMs: 5_000,
  /** What such a tail has handed out is remembered for so long, so many, and so many bytes of payload. */
  recentMs: 60_000,
  recentEvents: 10_000,
  recentBytes: 16 * 1024 * KiB,
  /** WebSockets of this process, and of one principal in it. */
  sockets: 10_000,
  socketsPerPrincipal: 5,
  /** Over all sockets of the principal in this process. */
  subscriptionsPerPrincipal: 50,
  /** Of one subscription. */
  idsPerSubscription: 100,
  /** Bytes of a message from a client. */
  messageBytes: 32 * KiB,
  /** Messages of one socket in any second; as many may wait. */
  messagesPerSecond: 100,
  /** Frames to one socket in any second; more are delayed. */
  framesPerSecond: 100,
  eventsPerFrame: 100,
  /** Bytes of the events of a frame; one event may have more. */
  frameBytes: 256 * KiB,
  /** A socket that holds more unsent bytes is given nothing more, and after `socketStallMs` closed. */
  socketBufferBytes: 256 * KiB,
  socketStallMs: 10_000,
  /** A socket is pinged so often, and dropped where it has not answered until the next time. */
  socketPingMs: 30_000,
  /** A subscription that could not be read for so long ends its socket. */
  streamFailingMs: 30_000,
  /** One-time tickets that wait for their socket, each for `ticketMs`. */
  tickets: 10_000,
  ticketsPerPrincipal: 20,
  ticketMs: 30_000,
  /** Bytes of a schema's canonical JSON. */
  schemaBytes: 256 * KiB,
  /** Of one subject. Every new one is checked against all: open the subject of the next version instead. */
  revisions: 256,
  /** Compatibility checks and registrations of one principal, a second and process (token bucket). */
  schemaChecksPerSecond: 10,
  /** One call of the schema registry. */
  registryTimeoutMs: 2_000,
  /** What the registry said is believed for so long, and beyond that only while it cannot be asked. */
  registryCacheMs: 5 * 60_000,
  /** A subject that was missing, or could not be read, is not asked for again before so long. */
  registryRetryMs: 5_000,
  /** Subjects whose revisions are held, and as many that were missing. */
  registryCache: 10_000,
  /** Bytes of all schemas held. */
  registryCacheBytes: 64 * 1024 * KiB,
  /** Subjects read from the registry at once, and those that wait for it. */
  registryReads: 16,
  registryQueue: 1_000,
  /** Decisions of policies remembered in this process; the longest unused leave first. */
  decisions: 10_000,
  /** A decision that took longer is no, whatever it was: in process, and of an engine elsewhere. */
  decisionMs: 100,
  remoteDecisionMs: 200,
  /** Bytes of the answer of an engine elsewhere. */
  decisionBytes: 16 * KiB,
  /** Questions under way to an engine elsewhere; more are refused. */
  remoteDecisions: 256,
  /** Violations kept of one tenant, and of all together; the oldest leave. */
  violations: 1_000,
  violationsOfAll: 100_000,
  /** A store without one order over all tenants keeps them so long instead of counting them. */
  violationMs: 30 * 24 * 3_600_000,
  /** Violations that wait to be written; more are dropped and counted. */
  violationQueue: 1_000,
  /** Their writer rests so long between rounds. */
  violationPauseMs: 250,
  /** Leases under one prefix: shards of one log for one consumer. */
  leases: 10_000,
  /** A lease whose beat has not changed for so long may be taken; its holder keeps it three times as often. */
  leaseMs: 10_000,
  /** Items of one read of a shard. */
  shardPage: 1_000,
  /** Between two reads of a shard that found nothing: AWS allows five a second and shard. */
  shardPollMs: 200,
  /** Shards are looked for anew so often. */
  shardsPollMs: 10_000,
  /** Items of a shard read but not done; no more is read meanwhile. */
  shardWindow: 10_000,
  /** And of their payloads, before the next read, which may bring as much as an answer holds. */
  shardWindowBytes: 32 * 1024 * KiB,
  /** Streams whose marks are remembered in memory, of one consumer. */
  marks: 100_000,
  /** Streams whose records are under way at once. */
  lanes: 1_000,
  /**
   * How far the clocks of two machines may be apart: each an hour wrong, one behind and one ahead. Where only a time tells what
   * came first, what lies so near is taken for whichever loses nothing.
   */
  clocksMs: 2 * 3_600_000,
  /** The reconciler looks so often, at so many streams each time; all of them at start and behind a trimmed history. */
  reconcileMs: 30_000,
  reconcilePage: 500,
  /** What is sent on is tried again after so long at first, twice as long each time, at most the second. */
  routeBackoffMs: 50,
  routeBackoffMaxMs: 5_000,
  /**
   * A handler is tried again so often before `park` or `skip`, after so long at first, at most the second; its consumer may
   * say the first two (`Consumer.ErrorPolicy`).
   */
  handlerRetries: 5,
  handlerBackoffMs: 200,
  handlerBackoffMaxMs: 30_000,
  /** A handler that takes longer has failed. */
  handlerMs: 30_000,
  /** Events of different streams handled at once, of one consumer and process. */
  handlers: 64,
  /** Bytes of a message's body in a queue. */
  messageBodyBytes: 256 * KiB,
  /** The embedded queues drop a message, also a dead one, so long after it was sent: SQS' longest time. */
  messageMs: 14 * 24 * 3_600_000,
  /** What was received is hidden from others for so long, and longer while it is worked on. */
  hiddenMs: 30_000,
  /** A queue is waited on for so long. */
  queueWaitMs: 10_000,
  /**
   * What stays in a dead letter queue because nobody can read it is looked at again after so long. SQS hides for 12 hours in
   * all, from the receive on, and refuses a longer time.
   */
  deadLetterHiddenMs: 11 * 3_600_000,
  /** Redrives are looked for so often. */
  redrivePollMs: 1_000,
  /** Attempts of one call of a service elsewhere, each for so long, all within `callMs`. */
  callAttempts: 4,
  callAttemptMs: 3_000,
  callMs: 10_000,
  /** Between two attempts at first, and at most; the pause is chance between nothing and this. */
  callBackoffMs: 50,
  callBackoffMaxMs: 1_000,
  /**
   * Attempts beyond the first that each call may add, on average over all; and how many may be saved up. A command that is
   * read for by one call and stored by another makes three at most, whichever of them fail.
   */
  callRetries: 0.5,
  callRetryBudget: 100,
  /** Connections to one service, and bytes of one answer: 1,000 records of Kinesis, 10 MiB, in base64. */
  connections: 128,
  answerBytes: 16 * 1024 * KiB,
  /** Records of the embedded bus are kept for so long, as Kinesis keeps them. */
  busRetentionMs: 24 * 3_600_000,
} as const

export type Limits = { readonly [K in keyof typeof defaults]: number }

/** The limits in force; provide a lowered copy with `Limits.lowered`. */
export const Limits: Context.Reference<Limits> = Context.Reference<Limits>("nexus/core/Limits", {
  defaultValue: () => defaults,
})

/** The defaults with some bounds lowered. A raised one is a mistake in the program and stops it at start. */
export const lowered = (some: Partial<Limits>): Limits => {
  for (const [name, value] of Object.entries(some) as ReadonlyArray<[keyof Limits, number]>) {
    if (!Object.hasOwn(defaults, name)) throw new Error(`there is no limit ${name}: the type Limits lists them all`)
    const max = name === "commandsPerSecond" ? Number.MAX_SAFE_INTEGER : defaults[name]
    // Written so that NaN fails it too.
    if (!(value >= 0 && value <= max)) {
      throw new Error(`limit ${name} = ${value} is outside 0 to ${max}`)
    }
  }
  return { ...defaults, ...some }
}
