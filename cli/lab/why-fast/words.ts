/** Figures as people read them. */
import { type Figure, ratioOf, type Unit } from './experiment.ts'

export function amount(value: number, unit: Unit): string {
  switch (unit) {
    case 'count':
      return grouped(Math.round(value))
    case 'bytes':
      return value >= 10 * 1024 ** 2
        ? `${(value / 1024 ** 2).toFixed(0)} MiB`
        : value >= 10_240
          ? `${(value / 1024).toFixed(0)} KiB`
          : `${value} B`
    case 'ms':
      return value >= 10_000
        ? `${(value / 1000).toFixed(1)} s`
        : `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`
  }
}

/** `200 ×`: how many times cheaper. */
export function times(figure: Figure): string {
  const ratio = ratioOf(figure)
  if (!Number.isFinite(ratio)) return 'all'
  return `${ratio >= 100 ? grouped(Math.round(ratio)) : ratio.toFixed(ratio >= 10 ? 0 : 1)} ×`
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}
