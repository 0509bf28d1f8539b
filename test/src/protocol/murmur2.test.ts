import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../src/host/index.ts'
import { murmur2, toPositive } from '../../../src/protocol/index.ts'
import { repository } from '../../cli/trial.ts'

interface Key {
  readonly hex: string
  readonly murmur2: number
}

const vectors = JSON.parse(readFileSync(join(repository, 'test/fixtures/client-vectors.json'), 'utf8')) as {
  readonly keys: readonly Key[]
}

describe('murmur2', () => {
  it.each([
    ['', 275646681],
    ['a', -1563381124],
    ['ab', 316155434],
    ['abc', 479470107],
    ['abcd', -1323649548],
    ['21', -973932308],
    ['foobar', -790332482],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ])('of %j is %i, as in Kafka', (key, hash) => {
    expect(murmur2(utf8(key))).toBe(hash)
  })

  it('agrees with Kafka 0.8.2.2 itself on every key of the vectors', () => {
    expect(vectors.keys.length).toBeGreaterThan(10)
    for (const key of vectors.keys) {
      const bytes = Uint8Array.from(key.hex.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16))
      expect(murmur2(bytes)).toBe(key.murmur2)
    }
  })

  it('is made positive by taking its sign away', () => {
    expect(toPositive(-1563381124)).toBe(584102524)
    expect(toPositive(-0x8000_0000)).toBe(0)
  })
})
