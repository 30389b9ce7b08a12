/**
 * Texts that may fit formats and patterns; whoever uses them looks whether they do.
 * @module
 */
const byFormat: { readonly [format: string]: ReadonlyArray<string> } = {
  date: ["2024-02-29"],
  time: ["10:20:30Z"],
  "date-time": ["2024-02-29T10:20:30Z"],
  duration: ["P1DT2H"],
  email: ["a@example.org"],
  hostname: ["example.org"],
  ipv4: ["192.0.2.1"],
  ipv6: ["2001:db8::1"],
  uri: ["https://example.org/a"],
  "uri-reference": ["/a", "https://example.org/a"],
  uuid: ["00000000-0000-4000-8000-000000000000"],
  "json-pointer": ["/a/0", ""],
}

const plain = ["a", "", "A", "1", "ab", "AB", "a1", "abc", "ABC", "123", "a-b", "a b", "1.5", "é", "_", "#"]

export const texts = (patterns: ReadonlyArray<string>, formats: ReadonlyArray<string>): ReadonlyArray<string> => {
  const known = formats.flatMap((format) => byFormat[format] ?? [])
  return [...known, ...(patterns.length > 0 ? [...plain, ...patterns.map((source) => source)] : []), ...plain]
}
