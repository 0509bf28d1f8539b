/** Messages such as applications send: small JSON texts that are much alike. The same ones each time. */
import type { NewRecord } from '../../../src/storage/index.ts'

/** Messages of a batch: `batch.num.messages` of the old producer. */
export const BATCH = 200

const encoder = new TextEncoder()
const CITIES = ['Hamburg', 'Lisboa', 'Chengdu', 'Nairobi', 'Québec']

export function orders(count: number): NewRecord[] {
  let seed = 42
  const below = (limit: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (seed >>> 8) % limit
  }
  return Array.from({ length: count }, (_, index) => {
    const order = {
      order: 100_000 + index,
      customer: `c-${below(5000)}`,
      article: `sku-${below(800)}`,
      quantity: 1 + below(5),
      price: `${below(200)}.${10 + below(90)}`,
      city: CITIES[below(CITIES.length)],
    }
    return { key: encoder.encode(order.customer), value: encoder.encode(JSON.stringify(order)) }
  })
}

export function batchesOf<T>(items: readonly T[], size: number): T[][] {
  const batches: T[][] = []
  for (let at = 0; at < items.length; at += size) batches.push(items.slice(at, at + size))
  return batches
}

export const bytesOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0)
