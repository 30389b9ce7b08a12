/**
 * Real registries behind a proxy that breaks their answers, with the cache before them as a server has it: what is known
 * goes on, what is not is refused in bounded time, and once the registry is well again so is everything, without a restart.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import process from "node:process"
import { afterAll, beforeAll } from "vitest"
import { object } from "../../core/laws/schemas.ts"
import { defaults, Limits } from "../../core/Limits.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as Confluent from "../../runtime/adapters/confluent/Confluent.ts"
import * as Glue from "../../runtime/adapters/glue/Glue.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { type Asked, engine, type Fault, faults, type Proxy, proxy } from "../engine.ts"

const [registry, region] = ["faults", "eu-central-1"]
const known = "Known.Happened.v1"
const schema = object({ a: { type: "string" } })

interface Kind {
  readonly name: string
  readonly engine: "apicurio" | "moto"
  readonly layer: (url: string) => Layer.Layer<SchemaRegistry>
  readonly prepare: (url: string) => Promise<unknown>
  /** Throttling in the service's own words. */
  readonly throttled: Fault
}

const json = { "content-type": "application/x-amz-json-1.1" }

const kinds: ReadonlyArray<Kind> = [
  {
    name: "Confluent's API (Apicurio)",
    engine: "apicurio",
    layer: (url) => Confluent.layer({ url }),
    prepare: () => Promise.resolve(),
    throttled: faults.answer(429, `{"error_code":42900,"message":"slow down"}`, { "content-type": "application/json" }),
  },
  {
    name: "Glue's API (moto)",
    engine: "moto",
    layer: (endpoint) => Glue.layer({ registry, region, endpoint }),
    prepare: (url) =>
      fetch(url, {
        method: "POST",
        headers: {
          ...{ ...json, "x-amz-target": "AWSGlue.CreateRegistry" },
          authorization:
            `AWS4-HMAC-SHA256 Credential=a/20260101/${region}/glue/aws4_request, SignedHeaders=host, Signature=x`,
        },
        body: JSON.stringify({ RegistryName: registry }),
      }).then((response) => response.text()),
    throttled: faults.answer(400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, json),
  },
]

/** Another schema, under the number that it had. */
const lie = faults.rewrite((answer) => ({ ...answer, body: answer.body.replaceAll(`\\"a\\"`, `\\"b\\"`) }))

/** Short, so that trouble is met and left within a test; the timeout is production's. */
const limits = Layer.succeed(Limits, { ...defaults, registryRetryMs: 100, registryCacheMs: 1_000 })
const patient = Layer.succeed(Limits, { ...defaults, registryTimeoutMs: 30_000 })
const hashOf = (subject: string) =>
  Effect.map(Effect.flatMap(SchemaRegistry, (all) => all.get(subject, 1)), (one) => one.hash)
const register = (subject: string) => Effect.flatMap(SchemaRegistry, (all) => all.register(subject, schema))

for (const kind of kinds) {
  describe(`${kind.name} behind faults`, () => {
    const running = engine(kind.engine)
    let before: Proxy
    /** Answers as a registry would: nobody may be led there. */
    let elsewhere: Proxy
    let count = 0
    beforeAll(async () => {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" })
      await kind.prepare(running().url)
      before = await proxy(running().url)
      elsewhere = await proxy(running().url)
      await Effect.runPromise(Effect.provide(register(known), direct))
    }, 60_000)
    afterAll(async () => {
      await before.stop()
      await elsewhere.stop()
    })

    const cached = Layer.unwrap(Effect.sync(() => CachedRegistry.layer.pipe(Layer.provide(kind.layer(before.url)))))
      .pipe(
        Layer.provide(limits),
      )
    /** The registry itself, behind the proxy's back, and with all the time that it needs. */
    const direct = Layer.unwrap(Effect.sync(() => Layer.provide(kind.layer(running().url), patient)))
    /** A subject that is registered, and that nobody has asked for. */
    const unknown = Effect.suspend(() => {
      const subject = `Unknown${++count}.Happened.v1`
      return Effect.as(Effect.provide(register(subject), direct), subject)
    })

    /** Asks until it is known; a machine under load may need more than the two seconds, and more than once. */
    const learned = Effect.fnUntraced(function* (subject: string, hash: string) {
      const registry = yield* CachedRegistry
      for (let tries = 0; tries < 50; tries++) {
        yield* registry.learn(subject, [hash])
        if (registry.look(subject, [hash]) === true) return true
        yield* Effect.sleep("100 millis")
      }
      return registry.look(subject, [hash])
    })

    const all: Readonly<Record<string, () => (asked: Asked) => Fault | undefined>> = {
      "is down": () => () => faults.refuse,
      "drops its answers": () => () => faults.drop,
      "hangs": () => () => faults.hang,
      "answers after three seconds": () => () => faults.delay(3_000),
      "answers 500": () => () => faults.answer(500, "{}", { "content-type": "application/json" }),
      "throttles": () => () => kind.throttled,
      "answers HTML": () => () => faults.html(200),
      "answers HTML as 502": () => () => faults.html(502),
      "pours 100 MB": () => () => faults.huge(100_000_000),
      "cuts its answers": () => () => faults.truncate,
      "leads elsewhere": () => () => faults.redirect(elsewhere.url),
    }
    for (const [what, faultOf] of Object.entries(all)) {
      it.live(
        `that ${what}: known types go on, others are refused in time, and all is well afterwards`,
        () =>
          Effect.gen(function* () {
            before.on(() => undefined)
            const fresh = yield* unknown
            const cache = yield* CachedRegistry
            const hash = yield* hashOf(known)
            assert.strictEqual(yield* learned(known, hash), true)
            before.on(faultOf())
            // The cache has outlived what it was read for: it is read again, in vain, and believed all the same.
            yield* Effect.sleep("1100 millis")
            const began = performance.now()
            yield* cache.learn(fresh, [hash])
            const ms = performance.now() - began
            assert.deepInclude(cache.look(fresh, [hash]), { _tag: "RegistryUnavailable" })
            // Two seconds of the call, and what a loaded machine adds; one that hangs would take for ever.
            assert.isBelow(ms, 10_000)
            yield* cache.learn(known, [hash])
            assert.strictEqual(cache.look(known, [hash]), true)
            before.on(() => undefined)
            assert.strictEqual(yield* learned(fresh, hash), true)
            assert.strictEqual(yield* learned(known, hash), true)
            assert.deepStrictEqual(elsewhere.asked, [])
          }).pipe(Effect.provide(cached)),
        60_000,
      )
    }

    it.live("that flaps is asked again within the call, and gives the right answer", () =>
      Effect.gen(function* () {
        const fresh = yield* unknown
        const flaps = [faults.refuse, undefined, faults.answer(503, "", {}), undefined]
        let turn = 0
        before.on(() => flaps[turn++ % flaps.length])
        assert.strictEqual(yield* learned(fresh, yield* Effect.provide(hashOf(known), direct)), true)
        before.on(() => undefined)
        assert.isAbove(turn, 3)
      }).pipe(Effect.provide(cached)), 60_000)
    it.live(
      "that gives another schema under the same number is not believed over what it said",
      () =>
        Effect.gen(function* () {
          before.on(() => undefined)
          const registry = yield* CachedRegistry
          const hash = yield* hashOf(known)
          assert.strictEqual(yield* learned(known, hash), true)
          before.on(() => lie)
          yield* Effect.sleep("1100 millis")
          yield* registry.learn(known, [hash])
          assert.strictEqual(registry.look(known, [hash]), true)
          const told = yield* Effect.provide(hashOf(known), Layer.provide(kind.layer(before.url), patient))
          assert.notStrictEqual(told, hash, "the proxy lies")
          yield* registry.learn(known, [told])
          assert.deepInclude(registry.look(known, [told]), { _tag: "RegistryUnavailable" })
          before.on(() => undefined)
          assert.strictEqual(yield* learned(known, hash), true)
        }).pipe(Effect.provide(cached)),
      60_000,
    )

    it.live("whose answer to a registration is lost has it, once", () =>
      Effect.gen(function* () {
        const subject = `Lost${++count}.Happened.v1`
        const isWrite = ({ body, path }: Asked) =>
          path.endsWith(`/${subject}/versions`) || body.includes(`"DataFormat"`)
        let left = 1
        before.on((asked) => asked.method === "POST" && isWrite(asked) && left-- > 0 ? faults.drop : undefined)
        const registry = yield* SchemaRegistry
        const { revision } = yield* Effect.retry(registry.register(subject, schema), { times: 5 })
        assert.strictEqual(revision, 1)
        assert.isBelow(left, 0)
        before.on(() => undefined)
        assert.strictEqual(
          (yield* Effect.provide(Effect.flatMap(SchemaRegistry, (all) => all.revisions(subject)), direct))
            .length,
          1,
        )
      }).pipe(Effect.provide(cached)), 60_000)
  })
}
