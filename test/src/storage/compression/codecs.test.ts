import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allCodecs, CodecRegistry, CompressionError, CompressionId } from '../../../../src/storage/index.ts'

const codecs = (['gzip', 'snappy', 'lz4', 'zstd'] as const).map((name) => allCodecs.byId(CompressionId[name])!)
const magics = fc.constantFrom(0, 1, 2)
const LIMIT = 16_000_000

/** Random bytes, long runs, and text with much in common. */
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.tuple(fc.nat(255), fc.nat(200_000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
  fc
    .tuple(fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 6 }), fc.nat(400))
    .map(([words, count]) => {
      const parts = Array.from({ length: count }, (_, i) => [...words[(i * i + i) % words.length]!, i & 255])
      return Uint8Array.from(parts.flat())
    }),
)

/** What decompressing gives, or undefined where it is refused; anything but a refusal fails the test. */
function attempt(codec: (typeof codecs)[number], bytes: Uint8Array, magic: number, limit: number) {
  try {
    const out = codec.decompress(bytes, magic, limit)
    expect(out.length).toBeLessThanOrEqual(limit)
    return out
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error
    expect(error.codec).toBe(codec.name)
    return undefined
  }
}

describe.each(codecs.map((codec) => [codec.name, codec] as const))('%s', (_name, codec) => {
  it('gives back what was put in, in every format', () => {
    fc.assert(
      fc.property(payload, magics, (bytes, magic) => {
        const compressed = codec.compress(bytes, magic)
        expect(Buffer.compare(codec.decompress(compressed, magic, LIMIT), bytes)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('writes the same bytes for the same input, whatever came before', () => {
    fc.assert(
      fc.property(payload, payload, (bytes, other) => {
        const first = codec.compress(bytes, 2)
        codec.compress(other, 2)
        attempt(codec, other, 2, LIMIT)
        expect(Buffer.compare(codec.compress(bytes, 2), first)).toBe(0)
      }),
      { numRuns: 20 },
    )
  })

  it('does not touch its input, and keeps no hold of it', () => {
    const bytes = new Uint8Array(1000).map((_, i) => i % 7)
    const copy = bytes.slice()
    const compressed = codec.compress(bytes, 2)
    expect(bytes).toEqual(copy)
    const out = codec.decompress(compressed, 2, LIMIT)
    compressed.fill(0)
    expect(out).toEqual(copy)
  })

  it('stops at the limit, to the byte', () => {
    const bytes = new Uint8Array(300_000)
    const bomb = codec.compress(bytes, 2)
    expect(codec.decompress(bomb, 2, bytes.length)).toHaveLength(bytes.length)
    expect(() => codec.decompress(bomb, 2, bytes.length - 1)).toThrow(CompressionError)
    expect(() => codec.decompress(bomb, 2, 10)).toThrow(CompressionError)
  })

  it('refuses a bomb without filling memory', () => {
    const bomb = codec.compress(new Uint8Array(60_000_000), 2)
    expect(bomb.length).toBeLessThan(4_000_000)
    const before = process.memoryUsage().arrayBuffers
    expect(() => codec.decompress(bomb, 2, 1_000_000)).toThrow(CompressionError)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
  })

  it('comes to an end on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), magics, (bytes, magic) => {
        attempt(codec, bytes, magic, LIMIT)
      }),
      { numRuns: 300 },
    )
  })

  it('comes to an end on what was whole and has been damaged', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(payload, magics, change, fc.nat(), (bytes, magic, changes, cut) => {
        const damaged = codec.compress(bytes, magic).slice()
        for (const [at, byte] of changes) damaged[at % damaged.length] = byte
        attempt(codec, damaged, magic, LIMIT)
        attempt(codec, damaged.subarray(0, cut % damaged.length), magic, LIMIT)
      }),
      { numRuns: 200 },
    )
  })

  it('refuses what is cut short anywhere', () => {
    const bytes = Buffer.from('a text with much in common, a text with much in common, and an end')
    const compressed = codec.compress(bytes, 2)
    for (let length = 0; length < compressed.length; length++) {
      const out = attempt(codec, compressed.subarray(0, length), 2, LIMIT)
      // A raw block of snappy may be a prefix of a framed one; nothing else is whole before its end.
      if (out !== undefined) expect([codec.name, out.length]).toEqual(['snappy', 0])
    }
  })

  it('works on after a refusal as before it', () => {
    const bytes = new Uint8Array(5000).map((_, i) => (i * i) % 251)
    const compressed = codec.compress(bytes, 2)
    for (let i = 0; i < 50; i++) {
      const damaged = compressed.map((byte, at) => (at === (i * 37) % compressed.length ? byte ^ 0x55 : byte))
      attempt(codec, damaged, 2, LIMIT)
    }
    expect(codec.compress(bytes, 2)).toEqual(compressed)
    expect(codec.decompress(compressed, 2, LIMIT)).toEqual(bytes)
  })
})

describe('a registry', () => {
  it('knows codecs by number, and can be given others', () => {
    const faster = { ...codecs[0]!, compress: () => Uint8Array.of(1) }
    const registry = allCodecs.with(faster)
    expect(registry.byId(1)).toBe(faster)
    expect(registry.byId(2)).toBe(allCodecs.byId(2))
    expect(allCodecs.byId(1)).toBe(codecs[0])
    expect([registry.has(0), registry.has(4), registry.has(5)]).toEqual([false, true, false])
    expect(String(registry)).toBe('gzip, snappy, lz4, zstd')
    expect(new CodecRegistry([]).byId(1)).toBeUndefined()
  })
})
