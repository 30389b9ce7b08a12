import { Layer } from "effect"
import { describe, vi } from "vitest"
import { engine } from "../../../tests/engine.ts"
import { closing } from "../../../tests/operate/closing.ts"
import * as DynamoDB from "./DynamoDB.ts"
import { patient, settingsOf } from "./testStore.ts"

vi.setConfig({ testTimeout: 60_000 })
const dynamodb = engine("dynamodb")

describe("close() on DynamoDB", () =>
  closing(() => {
    const settings = settingsOf(dynamodb().url)
    const process = () => Layer.fresh(Layer.provide(DynamoDB.layer(settings), patient))
    return [process(), process()]
  }))
