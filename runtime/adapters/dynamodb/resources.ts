/**
 * The tables of this adapter as plain data, in one place: tests and development make them from it, and so does what
 * deploys. It imports nothing.
 * @module
 */

/** A text or a number. */
export type AttributeType = "S" | "N"
/** Partition key and, where there is one, sort key: names of attributes. */
export type Key = readonly [partition: string, sort?: string]

export interface Index {
  readonly key: Key
  /** What an item of the index holds beside the keys. */
  readonly projection: "ALL" | "KEYS_ONLY"
}

export interface Table {
  readonly key: Key
  /** Of every attribute of a key, its own and its indexes'. */
  readonly attributes: Readonly<Record<string, AttributeType>>
  readonly indexes?: Readonly<Record<string, Index>>
  /** The attribute that says when an item may go, in seconds since 1970. */
  readonly ttl?: string
  /** Its changes can be read for a day, as new images. */
  readonly stream?: true
  /** Deployed with point-in-time recovery: truth, not a copy of it. */
  readonly recovery?: true
}

/** All are billed on demand and encrypted; a table's name is `<prefix><name>`. */
export const tables = {
  /** One item an event: `pk` = tenant#aggregate#id, `sk` = its version. */
  events: {
    key: ["pk", "sk"],
    attributes: { pk: "S", sk: "N", day: "S", at: "S", kind: "S", id: "S" },
    indexes: {
      /** `day` = tenant#yyyy-mm-dd#shard, `at` = recordedAt (13 digits)#aggregate#id#version (10 digits). */
      TimestampIndex: { key: ["day", "at"], projection: "ALL" },
      /** First events alone: `kind` = tenant#aggregate#shard. */
      StreamIndex: { key: ["kind", "id"], projection: "KEYS_ONLY" },
    },
    stream: true,
    recovery: true,
  },
  /** One item a remembered outcome: `pk` = tenant#aggregate#id, `sk` = the command's id. Those of refusals go. */
  receipts: {
    key: ["pk", "sk"],
    attributes: { pk: "S", sk: "S" },
    ttl: "expiresAt",
    recovery: true,
  },
  /** `pk` = tenant#aggregate#id, `sk` = key#version (10 digits)#part (3 digits): a state larger than an item has several. */
  snapshots: {
    key: ["pk", "sk"],
    attributes: { pk: "S", sk: "S" },
    ttl: "expiresAt",
  },
  /**
   * What router and consumers write, all the time: `lease#whose` with /what, `mark#consumer#stream` and `letter#id`.
   * The indexes are sparse: letters alone are in them, and those that somebody wants redriven.
   */
  consumption: {
    key: ["pk", "sk"],
    attributes: { pk: "S", sk: "S", tenant: "S", redriving: "S", at: "S" },
    indexes: {
      /** `at` = lastAt (16 digits)#id, in both. */
      LetterIndex: { key: ["tenant", "at"], projection: "ALL" },
      /** `redriving` = the consumer. */
      RedriveIndex: { key: ["redriving", "at"], projection: "ALL" },
    },
    recovery: true,
  },
  /**
   * What is written now and then: `schema#subject` with revisions and `subjects` with each subject, `violations#tenant`
   * with numbers, `queries#client`. The last two go with time.
   */
  control: {
    key: ["pk", "sk"],
    attributes: { pk: "S", sk: "S" },
    ttl: "expiresAt",
    recovery: true,
  },
} as const satisfies Readonly<Record<string, Table>>

export type TableName = keyof typeof tables
export const names = Object.keys(tables) as ReadonlyArray<TableName>
export const table = (name: TableName): Table => tables[name]
