/**
 * A record of the core bus as one of Kinesis: its text in UTF-8, under its stream's name as partition key.
 * @module
 */
import { hash } from "node:crypto"
import type { CoreRecord } from "../../../core/CoreBus.ts"
import * as RecordWire from "../../../core/RecordWire.ts"
import { keyOf, type StreamKey } from "../../../core/Stream.ts"
import { limits } from "./resources.ts"

export interface Entry {
  readonly PartitionKey: string
  readonly Data: Uint8Array
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const entryOf = (record: CoreRecord): Entry => ({
  PartitionKey: partitionKeyOf(record.stream),
  Data: encoder.encode(RecordWire.encode(record)),
})

/** As Kinesis counts them. */
export const bytesOf = ({ Data, PartitionKey }: Entry): number => Data.length + PartitionKey.length

/** Nothing where the bytes are none of ours; what is no UTF-8 is no JSON of ours either. */
export const decode = (bytes: Uint8Array): CoreRecord | undefined => RecordWire.decode(decoder.decode(bytes))

/** A stream's name may be longer than a partition key: the key ends in a hash of all of it then. */
export const partitionKeyOf = (stream: StreamKey): string => {
  const key = keyOf(stream)
  return key.length <= limits.keyChars ? key : `${key.slice(0, limits.keyChars - 65)}#${hash("sha256", key, "hex")}`
}
