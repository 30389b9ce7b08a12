import { start } from "./edge/deno.ts"
import app from "./examples/orders/app.ts"
const server = await start(app, { env: { NEXUS_DATA: Deno.args[0]!, NEXUS_PORT: "0", PORT: "0" } })
const heap = () => ((globalThis as any).gc(), Deno.memoryUsage().heapUsed / 1e6)
for (let i = 0; i < 7; i++) { await new Promise((ok) => setTimeout(ok, 30000)); console.log(i, heap().toFixed(3)) }
await server.stop(); Deno.exit(0)
