/**
 * The engines that tests meet, as data: where each comes from, how it starts, when it is ready. Loopback only, no Docker.
 *
 * Another engine is another entry here and nothing else.
 * @module
 */
import { existsSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import process from "node:process"
import { type Env, root, type Step, type Sum } from "./fetch.ts"
import { java, javac, missing, type Need } from "./toolchain.ts"

export interface Question {
  readonly path: string
  /** Posted with these, where there are any. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface Engine {
  readonly version: string
  readonly fetchedWith: ReadonlyArray<Need>
  readonly runsOn: ReadonlyArray<Need>
  /** Below its folder; there once it was fetched. */
  readonly program: string
  readonly fetch: (folder: string) => ReadonlyArray<Step>
  /** Where `up` serves it unless told otherwise. */
  readonly port: number
  /** `data` is an empty folder of this run alone, its working directory. */
  readonly start: (
    at: { readonly folder: string; readonly port: number; readonly data: string },
  ) => { readonly command: string; readonly args: ReadonlyArray<string>; readonly env?: Env }
  /** What it answers with 200 once it is ready. */
  readonly ready: Question
  /** Pessimistic: on a machine whose cores are all at work. */
  readonly readySecondsMax: number
  /** Behind the root, what clients are given as its address. */
  readonly base?: string
}

/** A call without arguments, as an SDK would sign it for whoever does not look at signatures. */
const aws = (service: string, protocol: "1.0" | "1.1", target: string): Question => ({
  path: "/",
  headers: {
    "content-type": `application/x-amz-json-${protocol}`,
    "x-amz-date": "20260101T000000Z",
    "x-amz-target": target,
    authorization: `AWS4-HMAC-SHA256 Credential=nexus/20260101/us-east-1/${service}/aws4_request, ` +
      "SignedHeaders=host, Signature=0",
  },
})

const here = (...path: ReadonlyArray<string>) => join(root, "infra/engines", ...path)

/** Of a committed lock file: with all it depends on, each in the bytes that stand there. */
const npm = (name: string) => (folder: string): ReadonlyArray<Step> => [
  { command: "cp", args: [here(name, "package.json"), here(name, "package-lock.json"), folder] },
  {
    command: "npm",
    args: ["ci", "--prefix", folder, "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"],
  },
]

/** By Deno, so that no other Node is needed than the one that installs it. */
const served = (script: string, ...args: ReadonlyArray<string>) => ({
  command: process.execPath,
  args: ["run", "-A", "--no-config", "--node-modules-dir=manual", here(script), ...args],
})

const jars = (folder: string): ReadonlyArray<Sum> =>
  readFileSync(here("dynamodb/sha256.txt"), "utf8").trim().split("\n").map((line) => {
    const [sha256 = "", name = ""] = line.split(/ +/)
    return { file: join(folder, name), sha256 }
  })

const classPath = (folder: string): string =>
  [folder, ...jars(folder).map(({ file }) => file).filter((file) => file.endsWith(".jar"))].join(delimiter)

const maven = (artifact: string, folder: string): Step => ({
  command: "mvn",
  args: [
    ...["--quiet", "--batch-mode", "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy"],
    ...[`-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
  ],
})

const apicurio = "apicurio-registry-app-3.3.3-all.tar.gz"

export const engines = {
  /** A registry that speaks Confluent's REST. In memory; its global level of compatibility starts at NONE. */
  apicurio: {
    version: "3.3.3",
    fetchedWith: ["maven"],
    runsOn: ["jdk21"],
    program: "quarkus-run.jar",
    fetch: (folder) => [
      maven("io.apicurio:apicurio-registry-app:3.3.3:tar.gz:all", folder),
      {
        file: join(folder, apicurio),
        sha256: "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63",
      },
      { command: "tar", args: ["-xzf", join(folder, apicurio), "-C", folder] },
      { command: "rm", args: [join(folder, apicurio)] },
    ],
    port: 8481,
    start: ({ folder, port }) => ({
      command: java(21),
      args: [
        ...["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
        ...[
          "-Dquarkus.http.host=127.0.0.1",
          `-Dquarkus.http.port=${port}`,
          "-Dquarkus.management.port=0",
          "-Dapicurio.storage.kind=sql",
        ],
        ...["-jar", join(folder, "quarkus-run.jar")],
      ],
    }),
    ready: { path: "/apis/ccompat/v7/subjects" },
    readySecondsMax: 120,
    base: "/apis/ccompat/v7",
  },
  /** AWS's APIs that nobody else plays: Glue's registry, EventBridge. What it lacks of Glue stands in docs/testing.md. */
  moto: {
    version: "5.2.5",
    fetchedWith: ["python"],
    runsOn: ["python"],
    program: "bin/moto_server",
    fetch: (folder) => [{
      command: "python3",
      args: [
        ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"],
        ...["--target", folder, "-r", join(root, "infra/engines/moto.txt")],
      ],
    }],
    port: 8482,
    start: ({ folder, port }) => ({
      command: "python3",
      args: [join(folder, "bin/moto_server"), "-H", "127.0.0.1", "-p", `${port}`],
      env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
    }),
    ready: { path: "/moto-api/" },
    readySecondsMax: 60,
  },
  /** Evaluates, tests and compiles Rego. Built by Go from the sum-checked module. */
  opa: {
    version: "1.22.2",
    fetchedWith: ["go"],
    runsOn: [],
    program: "opa",
    fetch: (folder) => [{
      command: "go",
      args: ["install", "github.com/open-policy-agent/opa@v1.22.2"],
      env: { GOBIN: folder, CGO_ENABLED: "0" },
    }],
    port: 8483,
    start: ({ folder, port }) => ({
      command: join(folder, "opa"),
      args: ["run", "--server", `--addr=127.0.0.1:${port}`, "--log-level=error", "--disable-telemetry"],
    }),
    ready: { path: "/health" },
    readySecondsMax: 30,
  },
  /** In memory, all regions and credentials over one set of tables; streams of one shard. It never throttles. */
  dynamodb: {
    version: "2.6.1",
    fetchedWith: ["maven", "jdk17"],
    runsOn: ["jdk17"],
    program: "Loopback.class",
    fetch: (folder) => [
      {
        command: "mvn",
        args: [
          ...["--quiet", "--batch-mode", "--strict-checksums", "-f", here("dynamodb/pom.xml")],
          "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies",
          ...["-DincludeScope=runtime", `-DoutputDirectory=${folder}`],
        ],
      },
      ...jars(folder),
      {
        command: javac(17),
        args: ["--release", "17", "-cp", classPath(folder), "-d", folder, here("dynamodb/Loopback.java")],
      },
    ],
    port: 8484,
    start: ({ folder, port }) => ({
      command: java(17),
      args: [
        ...["-Xmx384m", "-XX:+UseSerialGC", `-Djava.library.path=${folder}`],
        ...["-cp", classPath(folder), "Loopback", "-inMemory", "-sharedDb", "-disableTelemetry", "-port", `${port}`],
      ],
      env: { DDB_LOCAL_TELEMETRY: "0" },
    }),
    ready: aws("dynamodb", "1.0", "DynamoDB_20120810.ListTables"),
    readySecondsMax: 60,
  },
  /** Shards split and merge as they do at AWS. Speaks HTTP/1.1 alone. */
  kinesis: {
    version: "0.6.2",
    fetchedWith: ["npm"],
    // Node comes with it.
    runsOn: ["npm"],
    program: "node_modules/kinesis-local/main.js",
    fetch: npm("kinesis"),
    port: 8485,
    start: ({ folder, port }) => ({
      command: "node",
      args: [here("kinesis/start.mjs"), folder],
      env: { KINESIS_MOCK_PLAIN_PORT: `${port}`, KINESIS_MOCK_TLS_PORT: "0", LOG_LEVEL: "ERROR" },
    }),
    ready: aws("kinesis", "1.1", "Kinesis_20131202.ListStreams"),
    readySecondsMax: 60,
  },
  /** SNS and SQS behind one address. */
  fauxqs: {
    version: "2.4.1",
    fetchedWith: ["npm"],
    runsOn: [],
    program: "node_modules/fauxqs/dist/app.js",
    fetch: npm("fauxqs"),
    port: 8486,
    start: ({ folder, port }) => served("fauxqs/start.ts", folder, `${port}`),
    ready: aws("sqs", "1.0", "AmazonSQS.ListQueues"),
    readySecondsMax: 60,
  },
} as const satisfies Readonly<Record<string, Engine>>

export type Name = keyof typeof engines
export const names = Object.keys(engines) as ReadonlyArray<Name>
export const entry = (name: Name): Engine => engines[name]
export const isName = (text: string): text is Name => Object.hasOwn(engines, text)

export const folderOf = (name: Name): string => join(root, ".nexus/engines", `${name}-${engines[name].version}`)
export const isFetched = (name: Name): boolean => existsSync(join(folderOf(name), engines[name].program))

/** Why it cannot be fetched, in a sentence: no use in fetching what cannot run. */
export const unfetchable = (name: Name): string | undefined => sayMissing(name, "fetchedWith", "runsOn")

/** Why it cannot run here, in a sentence. */
export const lacking = (name: Name): string | undefined =>
  isFetched(name) ? sayMissing(name, "runsOn") : `${name} is not fetched: deno task engines fetch ${name}`

const sayMissing = (name: Name, ...of: ReadonlyArray<"fetchedWith" | "runsOn">): string | undefined => {
  const reasons = of.flatMap((list) => entry(name)[list].flatMap((need) => missing(need) ?? []))
  return reasons.length === 0 ? undefined : `${name} cannot be had: ${[...new Set(reasons)].join("; ")}`
}
