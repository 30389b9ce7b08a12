/**
 * Where traces and metrics go, from the variables that OpenTelemetry has for it.
 * @module
 */

/** As an exporter takes it; without `serviceName` the application's name stands for it. */
export interface Telemetry {
  readonly endpoint: string
  readonly protocol: "http/json" | "http/protobuf"
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName?: string
  readonly attributes: Readonly<Record<string, string>>
}

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.trim())
  } catch {
    return undefined
  }
}

/** `a=1,b=2`, values percent-encoded (source: W3C Baggage, as OpenTelemetry asks); nothing where it is none. */
const pairs = (text: string): Record<string, string> | undefined => {
  const found: Record<string, string> = {}
  for (const part of text.split(",").filter((part) => part.trim() !== "")) {
    const at = part.indexOf("=")
    const [name, value] = [decoded(part.slice(0, at)), decoded(part.slice(at + 1))]
    if (at < 1 || name === undefined || name === "" || value === undefined) return undefined
    found[name] = value
  }
  return found
}

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
const isHeader = (name: string, value: string): boolean =>
  /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)

/** Absent without an endpoint, or with `OTEL_SDK_DISABLED=true`. What is wrong is added to `faults`, without its value. */
export const read = (
  get: (name: string) => string | undefined,
  faults: Array<string>,
): Telemetry | undefined => {
  const endpoint = get("OTEL_EXPORTER_OTLP_ENDPOINT")
  if (endpoint === undefined || get("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return undefined
  if (!isHttp(endpoint)) faults.push("OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL")
  const protocol = get("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf"
  if (protocol !== "http/protobuf" && protocol !== "http/json") {
    faults.push(`OTEL_EXPORTER_OTLP_PROTOCOL is "${protocol}": use "http/protobuf" or "http/json"`)
    return undefined
  }
  const [headers, attributes] = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_RESOURCE_ATTRIBUTES"].map((name) => {
    const found = pairs(get(name) ?? "")
    if (found === undefined) faults.push(`${name} must be pairs like name=value, parted by commas`)
    return found ?? {}
  }) as [Record<string, string>, Record<string, string>]
  if (!Object.entries(headers).every(([name, value]) => isHeader(name, value))) {
    faults.push("OTEL_EXPORTER_OTLP_HEADERS holds what no header may hold")
  }
  const { "service.name": named, ...others } = attributes
  const serviceName = get("OTEL_SERVICE_NAME") ?? named
  return {
    endpoint: endpoint.replace(/\/+$/, ""),
    protocol,
    headers,
    attributes: others,
    ...serviceName === undefined ? {} : { serviceName },
  }
}
