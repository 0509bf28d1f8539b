import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../../../src/host/index.ts'
import { BYTES_PER_ENTRY, OffsetMap, OffsetMapFullError } from '../../../../src/storage/cleaner/offset-map.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))

/** Two different 64-byte blocks with one MD5, 008ee33a9d58b51cfeb425b0959121c9 (Marc Stevens, 2012). */
const collision = [
  `4dc968ff0ee35c209572d4777b721587d36fa7b21bdc56b74a3dc0783e7b9518
   afbfa200a8284bf36e8e4b55b35f427593d849676da0d1555d8360fb5f07fea2`,
  `4dc968ff0ee35c209572d4777b721587d36fa7b21bdc56b74a3dc0783e7b9518
   afbfa202a8284bf36e8e4b55b35f427593d849676da0d1d55d8360fb5f07fea2`,
].map(hex)

test('a map finds the last offset of every key that was put, and -1 for others', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 4000 }), (keys) => {
      const map = new OffsetMap(1 << 20)
      const model = new Map<string, number>()
      keys.forEach((key, offset) => {
        map.put(utf8(key), offset)
        model.set(key, offset)
      })
      expect(map.size).toBe(model.size)
      expect(map.utilization).toBe(model.size / map.slots)
      for (const [key, offset] of model) expect(map.get(utf8(key))).toBe(offset)
      expect(map.get(utf8('a key that is longer'))).toBe(-1)
      expect(map.latestOffset).toBe(keys.length - 1)
    }),
    { numRuns: 30 },
  )
})

test('two keys with one MD5 are one key, as in Kafka', () => {
  const [one, other] = collision as [Uint8Array, Uint8Array]
  expect(Buffer.from(one).equals(Buffer.from(other))).toBe(false)
  const map = new OffsetMap(1000)
  map.put(one, 5)
  map.put(other, 9)
  expect(map.size).toBe(1)
  expect(map.get(one)).toBe(9)
})

test('a map holds one key for every 24 bytes of its memory and refuses any put beyond, even of a key it has', () => {
  const map = new OffsetMap(3 * BYTES_PER_ENTRY + 23)
  expect(map.slots).toBe(3)
  for (let i = 0; i < 3; i++) map.put(utf8(`k${i}`), i)
  expect(map.utilization).toBe(1)
  expect(() => map.put(utf8('k3'), 3)).toThrow(OffsetMapFullError)
  expect(() => map.put(utf8('k0'), 4)).toThrow(OffsetMapFullError)
  expect(map.get(utf8('k0'))).toBe(0)
})

test('a cleared map is empty', () => {
  const map = new OffsetMap(1 << 20)
  for (let i = 0; i < 5000; i++) map.put(utf8(`k${i}`), i)
  map.clear()
  expect(map.size).toBe(0)
  expect(map.latestOffset).toBe(-1)
  for (let i = 0; i < 5000; i++) expect(map.get(utf8(`k${i}`))).toBe(-1)
})
