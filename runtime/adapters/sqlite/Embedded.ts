/**
 * All that one process keeps in one file, and what follows the events there: what it stores is heard of at once, by sockets
 * and consumers alike.
 * @module
 */
import { Layer } from "effect"
import { Tail } from "../../Tail.ts"
import * as EmbeddedFeed from "../../workers/EmbeddedFeed.ts"
import * as Sqlite from "./Sqlite.ts"

/** `Sqlite.layer` with its tail and its feed; provide it to the actors and to the workers alike. */
export const layer = (where: Parameters<typeof Sqlite.layer>[0]) =>
  EmbeddedFeed.layer.pipe(Layer.provideMerge(Tail.layer), Layer.provideMerge(Sqlite.layer(where)))
