/**
 * From a failure to its answer: an RFC 9457 problem with typed members.
 * @module
 */
import type { ActorError } from "../core/ActorError.ts"
import type { Rejected } from "../core/Actors.ts"
import * as problems from "./problems.ts"
import type { Refusal } from "./refusals.ts"

export type Failure = Rejected | ActorError | Refusal

export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  /** Nothing where the status allows no body. */
  readonly body: string | null
}

/** What a request was about, as far as a problem says it. */
export interface About {
  /** Without the query. */
  readonly path: string
  /** Where the caller named one. */
  readonly commandId?: string | undefined
  /** Members to show, by the tags of the command's rejections; those of a rejection unknown here stay hidden. */
  readonly shown?: { readonly [tag: string]: ReadonlyArray<string> } | undefined
}

const shownByTag: { readonly [tag: string]: ReadonlyArray<string> } = Object.fromEntries(
  problems.table.map((problem) => [problem.tag, problems.shownOf(problem)]),
)

/** What a path may hold as it is; the rest is escaped, so that `instance` is a URI reference. */
const unsafe = /[^\w\-.~!$&'()*+,;=:@%/]/gu
/** A path that was too long to serve is not sent back in full. */
const instanceMax = 2_048

const instanceOf = (failure: Failure, about: About): string => {
  const path = about.path.slice(0, instanceMax).toWellFormed().replace(unsafe, encodeURIComponent)
  const commandId = "commandId" in failure ? failure.commandId : about.commandId
  return commandId === undefined ? path : `${path}#${encodeURIComponent(commandId)}`
}

const pick = (names: ReadonlyArray<string>, from: unknown): object => {
  const members: Record<string, unknown> = {}
  for (const name of names) {
    const value = (from as Record<string, unknown> | null)?.[name]
    if (value !== undefined) members[name] = value
  }
  return members
}

const headersOf = (failure: Failure): Answer["headers"] => {
  const headers: Record<string, string> = { "content-type": "application/problem+json" }
  if ("retryAfterSeconds" in failure) headers["retry-after"] = String(Math.max(1, failure.retryAfterSeconds))
  if (failure._tag === "MethodNotAllowed") headers["allow"] = failure.allow.join(", ")
  if (failure._tag === "UpgradeRequired") headers["upgrade"] = "websocket"
  if (failure._tag === "Unauthorized") {
    headers["www-authenticate"] = failure.came ? 'Bearer error="invalid_token"' : "Bearer"
  }
  return headers
}

/** The answer to a failure; `base` and a slug are its `type`. */
export const refuse = (base: string, failure: Failure, about: About): Answer => {
  const rejected = failure._tag === "Rejected"
  const said = rejected
    ? {
      slug: problems.kebab(failure.tag),
      status: failure.status,
      title: problems.words(failure.tag),
      detail: problems.rejectionDetail,
    }
    : problems.of(failure._tag)
  const body = {
    type: base + said.slug,
    title: said.title,
    status: said.status,
    detail: said.detail,
    instance: instanceOf(failure, about),
    ...rejected
      ? { rejection: failure.tag, ...pick(about.shown?.[failure.tag] ?? [], failure.members) }
      : pick(shownByTag[failure._tag] ?? [], failure),
  }
  return { status: said.status, headers: headersOf(failure), body: JSON.stringify(body) }
}
