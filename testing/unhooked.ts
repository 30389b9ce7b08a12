/**
 * Imported before anything else: fibers that wait need no async resource, for nobody here looks at the call trees of Node.
 * They take a third of the time of a simulation.
 * @module
 */
import process from "node:process"

Object.defineProperty(process, "getBuiltinModule", { value: undefined, configurable: true, writable: true })
