import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultPartition, messageName, sizedValue } from '../../../src/client/index.ts'
import { utf8 } from '../../../src/host/index.ts'
import { javaAbs, javaStringHash } from '../../../src/protocol/index.ts'

/** Values computed by a JVM: `java_string_hash` of the collected test vectors. */
const vectors: ReadonlyArray<readonly [text: string, hash: number, abs: number, of50: number]> = [
  ['', 0, 0, 0],
  ['g1', 3242, 3242, 42],
  ['test', 3556498, 3556498, 48],
  ['my-group', -1906497762, 1906497762, 12],
  ['console-consumer-1', 35782224, 35782224, 24],
  ['polygenelubricants', -2147483648, 0, 0],
]

describe('the default partitioner', () => {
  it.each(vectors)('hashes %j as Java does and takes its absolute value as 0.8.2 does', (text, hash, abs, of50) => {
    expect(javaStringHash(text)).toBe(hash)
    expect(javaAbs(hash)).toBe(abs)
    expect(defaultPartition(text, 50)).toBe(of50)
  })

  it('names an existing partition for any key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
        const partition = defaultPartition(key, partitions)
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true)
      }),
    )
  })
})

describe('a message’s name', () => {
  it('is the text before the first newline, whatever the size of the value', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[^\n]+$/), fc.integer({ min: 0, max: 300 }), (name, size) => {
        const value = sizedValue(name, size)
        expect(messageName(value)).toBe(name)
        expect(utf8(value).length).toBe(Math.max(size, utf8(name).length))
      }),
    )
  })
})
