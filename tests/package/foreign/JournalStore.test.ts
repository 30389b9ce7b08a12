/**
 * A store of one's own under the laws that Nexus exports.
 * @module
 */
import { describe } from "@effect/vitest"
import {
  eventStoreLaws,
  eventStoreLawsReopened,
  snapshotStoreLaws,
  snapshotStoreLawsReopened,
} from "nexus-actors/testing"
import { runLaws } from "nexus-actors/testing/vitest"
import { emptyFolder } from "./folder.ts"
import * as JournalStore from "./JournalStore.ts"

const fresh = () => JournalStore.layer(emptyFolder())

describe("the event store", () => {
  runLaws(eventStoreLaws, fresh())
  runLaws(eventStoreLawsReopened(fresh()))
})

describe("the snapshot store", () => {
  runLaws(snapshotStoreLaws, fresh())
  runLaws(snapshotStoreLawsReopened(fresh()))
})
