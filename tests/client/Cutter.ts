/**
 * A wire between client and server that can be cut at any time, in the middle of a word.
 * @module
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

export interface Cutter {
  /** Of the near end. */
  readonly url: string
  /** Ends all connections without a word. */
  readonly cut: () => void
  readonly close: () => void
}

export const open = async (url: string): Promise<Cutter> => {
  const { hostname, port } = new URL(url)
  const wires = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [one, other] of [[near, far], [far, near]] as const) {
      wires.add(one)
      one.on("data", (bytes) => void other.write(bytes))
      one.on("end", () => other.end())
      // Destroyed twice or reset: either way there is no wire any more.
      one.on("error", () => other.destroy())
      one.on("close", () => {
        wires.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const cut = () => wires.forEach((wire) => wire.destroy())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    close: () => {
      server.close()
      cut()
    },
  }
}
