/**
 * A schema after reading: every keyword in its place with its default, every `$ref` resolved to the node that it names.
 *
 * Nodes of recursive schemas form cycles; a cycle always passes a property or an item (`read.ts` refuses the others).
 * @module
 */
import type { Json } from "./json.ts"
import type { Pattern } from "./pattern.ts"

/** Bits of a set of types; an integer is a number with `integer`. */
export const Type = { null: 1, boolean: 2, number: 4, string: 8, array: 16, object: 32 } as const
export const allTypes = 63

export const typeOf = (value: Json): number =>
  value === null ? Type.null : Array.isArray(value) ? Type.array : Type[typeof value as keyof typeof Type]

export const typesIn = (types: number): ReadonlyArray<keyof typeof Type> =>
  (Object.keys(Type) as ReadonlyArray<keyof typeof Type>).filter((name) => (types & Type[name]) !== 0)

/** One end of a range; an `open` end is not part of it. */
export interface Bound {
  readonly at: number
  readonly open: boolean
}

export interface Contains {
  readonly node: Node
  readonly min: number
  readonly max: number
}

export interface Dependency {
  readonly key: string
  readonly required: ReadonlyArray<string>
  readonly node: Node | undefined
}

/** Filled while it is read, because a node may stand inside itself; never changed afterwards. */
export interface Node {
  readonly id: number
  /** The schema as it was given. */
  readonly source: Json
  types: number
  integer: boolean
  /** What `enum` and `const` leave; undefined where neither stands. */
  values: ReadonlyArray<Json> | undefined
  min: Bound
  max: Bound
  multiples: ReadonlyArray<number>
  minLength: number
  maxLength: number
  pattern: Pattern | undefined
  format: string | undefined
  prefix: ReadonlyArray<Node>
  /** Of the items behind the prefix. */
  rest: Node | undefined
  minItems: number
  maxItems: number
  unique: boolean
  contains: Contains | undefined
  properties: ReadonlyMap<string, Node>
  patternProperties: ReadonlyArray<readonly [Pattern, Node]>
  additional: Node | undefined
  required: ReadonlyArray<string>
  minProperties: number
  maxProperties: number
  names: Node | undefined
  dependencies: ReadonlyArray<Dependency>
  /** What `$ref` names is one of them. */
  allOf: ReadonlyArray<Node>
  anyOf: ReadonlyArray<Node> | undefined
  oneOf: ReadonlyArray<Node> | undefined
  not: Node | undefined
  condition: { readonly if: Node; readonly then: Node | undefined; readonly else: Node | undefined } | undefined
  default: Json | undefined
}

let made = 0

/** Takes everything until keywords are filled in. */
export const make = (source: Json): Node => ({
  id: made++,
  source,
  types: allTypes,
  integer: false,
  values: undefined,
  min: { at: -Infinity, open: false },
  max: { at: Infinity, open: false },
  multiples: [],
  minLength: 0,
  maxLength: Infinity,
  pattern: undefined,
  format: undefined,
  prefix: [],
  rest: undefined,
  minItems: 0,
  maxItems: Infinity,
  unique: false,
  contains: undefined,
  properties: new Map(),
  patternProperties: [],
  additional: undefined,
  required: [],
  minProperties: 0,
  maxProperties: Infinity,
  names: undefined,
  dependencies: [],
  allOf: [],
  anyOf: undefined,
  oneOf: undefined,
  not: undefined,
  condition: undefined,
  default: undefined,
})

/** The schema that stands for the value of a property: of all that speak of it. */
export const ofProperty = (self: Node, key: string): ReadonlyArray<Node> => {
  const own = self.properties.get(key)
  const byPattern = self.patternProperties.filter(([pattern]) => pattern.test(key)).map(([, node]) => node)
  const found = own === undefined ? byPattern : [own, ...byPattern]
  return found.length > 0 ? found : self.additional === undefined ? [] : [self.additional]
}

export const ofItem = (self: Node, index: number): Node | undefined => self.prefix[index] ?? self.rest
