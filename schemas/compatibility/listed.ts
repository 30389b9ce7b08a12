/**
 * Whether a value stands in a list: long ones are made a set once, for a schema may list tens of thousands.
 * @module
 */
import { equal, isArray, isObject, type Json } from "./json.ts"

/** Shorter lists are walked. */
const walked = 8

/** Equal for equal values alone; members in one order. */
const textOf = (value: Json): string =>
  isArray(value)
    ? `[${value.map(textOf)}]`
    : isObject(value)
    ? `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${textOf(value[key]!)}`)}}`
    : JSON.stringify(value)

const isRich = (value: Json): boolean => typeof value === "object" && value !== null

const sets = new WeakMap<ReadonlyArray<Json>, { readonly simple: Set<Json>; readonly rich: Set<string> }>()

/** `list` must not change afterwards. */
export const isListed = (list: ReadonlyArray<Json>, value: Json): boolean => {
  if (list.length <= walked) return list.some((other) => equal(value, other))
  let set = sets.get(list)
  if (set === undefined) {
    set = { simple: new Set(), rich: new Set() }
    for (const one of list) {
      if (isRich(one)) set.rich.add(textOf(one))
      else set.simple.add(one)
    }
    sets.set(list, set)
  }
  return isRich(value) ? set.rich.has(textOf(value)) : set.simple.has(value)
}

/** Whether no two are equal. */
export const isUnique = (items: ReadonlyArray<Json>): boolean => {
  const simple = items.filter((item) => !isRich(item))
  const rich = items.filter(isRich)
  return new Set(simple).size === simple.length && new Set(rich.map(textOf)).size === rich.length
}
