/**
 * Who asks: tenant, subject and scopes; over HTTP from the verified token alone, in a service from `Principal.layer`.
 * @module
 */
import { Context, Layer } from "effect"

export interface Shape {
  /** The tenant whose streams are commanded and read; no other is ever seen. */
  readonly tenant: string
  readonly subject: string
  /** For example `commands:Order`, `commands:*`, `read`, `history`. */
  readonly scopes: ReadonlyArray<string>
}

export class Principal extends Context.Service<Principal, Shape>()("nexus/core/Principal") {}

/** Acts for one principal: for a service, a script or a test. */
export const layer = (principal: Shape): Layer.Layer<Principal> => Layer.succeed(Principal, principal)

/** Whether the scopes allow this command; `commands:*` allows all. */
export const mayCommand = (principal: Shape, aggregate: string): boolean =>
  principal.scopes.includes(`commands:${aggregate}`) || principal.scopes.includes("commands:*")
