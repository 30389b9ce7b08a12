/**
 * How metrics are made and updated. Their names are stable: alarms and dashboards are written against them.
 * @module
 */
import { type Context, Metric } from "effect"

export const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
export const gauge = (name: string, description: string) => Metric.gauge(name, { description })
/** Of `count` buckets, the first up to `start`, each twice as wide as the one before. */
export const histogram = (name: string, description: string, start: number, count: number) =>
  Metric.histogram(name, { description, boundaries: Metric.exponentialBoundaries({ start, factor: 2, count }) })

/** Updates a metric where no effect runs; the context carries the registry. */
export type Update = <A>(metric: Metric.Metric<A, unknown>, value: A) => void
export const updater = (context: Context.Context<never>): Update => (metric, value) =>
  metric.updateUnsafe(value, context)
