/**
 * The formats that are checked; a format that stands not here is an annotation to the validator.
 *
 * Every test takes linear time: no expression has nested or adjacent repetitions over the same characters.
 * @module
 */
const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const isDate = (text: string): boolean => {
  const [, year = "", month = "", day = ""] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  const leap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0)
  const last = month === "02" && leap ? 29 : days[Number(month) - 1] ?? 0
  return year !== "" && Number(day) >= 1 && Number(day) <= last
}

/** A leap second is one only where it is 23:59 in UTC. */
const isTime = (text: string): boolean => {
  const found = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|([+-])(\d\d):(\d\d))$/i.exec(text)
  if (found === null) return false
  const [hour, minute, second, zoneHour, zoneMinute] = [1, 2, 3, 5, 6].map((i) => Number(found[i] ?? 0)) as never as [
    number,
    number,
    number,
    number,
    number,
  ]
  if (hour > 23 || minute > 59 || zoneHour > 23 || zoneMinute > 59) return false
  if (second <= 59) return true
  const offset = (zoneHour * 60 + zoneMinute) * (found[4] === "-" ? -1 : 1)
  return second === 60 && (((hour * 60 + minute - offset) % 1440) + 1440) % 1440 === 1439
}

const isHostname = (text: string): boolean =>
  text.length <= 253 && text.split(".").every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label))

const isIpv4 = (text: string): boolean => {
  const parts = text.split(".")
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}

const isIpv6 = (text: string): boolean => {
  if (text.length > 45) return false
  const tail = text.slice(text.lastIndexOf(":") + 1)
  if (tail.includes(".") && !isIpv4(tail)) return false
  const plain = tail.includes(".") ? text.slice(0, -tail.length) + "0:0" : text
  const halves = plain.split("::")
  const groups = halves.map((half) => half === "" ? [] : half.split(":"))
  const many = groups.flat()
  return many.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) &&
    (halves.length === 1 ? many.length === 8 : halves.length === 2 && many.length <= 7)
}

/** Characters and escapes are those of RFC 3986. */
const uriPattern = /^(?:[a-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9a-f]{2})*$/i
const isReference = (text: string): boolean => uriPattern.test(text) && text.split("#").length <= 2
const isUri = (text: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(text) && isReference(text)

/** Of hosts with a dot, as Ajv has it. */
const isEmail = (text: string): boolean => {
  const at = text.lastIndexOf("@")
  const local = text.slice(0, at)
  const domain = text.slice(at + 1)
  return at > 0 && local.length <= 64 && domain.includes(".") && isHostname(domain) &&
    local.split(".").every((part) => /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+$/i.test(part))
}

const isDateTime = (text: string): boolean => {
  const [date = "", time = "", ...more] = text.split(/[t\s]/i)
  return more.length === 0 && isDate(date) && isTime(time)
}

export const formats: { readonly [format: string]: (text: string) => boolean } = {
  date: isDate,
  time: isTime,
  "date-time": isDateTime,
  duration: (text) => /^P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/.test(text),
  email: isEmail,
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: isIpv6,
  uri: isUri,
  "uri-reference": isReference,
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text),
  "json-pointer": (text) => /^(?:\/(?:[^~/]|~[01])*)*$/.test(text),
}
