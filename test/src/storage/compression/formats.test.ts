/** What is particular to each codec: framing, and what Kafka's readers make of odd input. */
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../../src/host/index.ts'
import { ByteSink } from '../../../../src/storage/compression/byte-sink.ts'
import { lz4Codec } from '../../../../src/storage/compression/lz4.ts'
import { compressLz4Block, decompressLz4Block, lz4BlockBound } from '../../../../src/storage/compression/lz4-block.ts'
import { readSnappyBlock } from '../../../../src/storage/compression/snappy-block.ts'
import { xxHash32 } from '../../../../src/storage/compression/xxhash32.ts'
import { allCodecs, CompressionId } from '../../../../src/storage/index.ts'
import vectors from '../../../fixtures/kafka-vectors.json' with { type: 'json' }
import { bytesToHex, hexToBytes } from '../support.ts'

const LIMIT = 10_000_000
const gzip = allCodecs.byId(CompressionId.gzip)!
const snappy = allCodecs.byId(CompressionId.snappy)!
const lz4 = allCodecs.byId(CompressionId.lz4)!
const zstd = allCodecs.byId(CompressionId.zstd)!
const concat = (...parts: Array<Uint8Array | readonly number[]>): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]))
const little = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]

describe('gzip', () => {
  it('is read by zlib and reads what zlib writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(Buffer.compare(gunzipSync(gzip.compress(bytes, 2)), bytes)).toBe(0)
        expect(Buffer.compare(gzip.decompress(gzipSync(bytes), 2, LIMIT), bytes)).toBe(0)
      }),
    )
  })

  it('has the header that Java writes: no time, no name, no operating system', () => {
    expect(bytesToHex(gzip.compress(utf8('x'), 0).subarray(0, 10))).toBe('1f8b0800000000000000')
  })

  it('may come in several members, as Java reads them', () => {
    const two = concat(gzipSync('one '), gzipSync('two'))
    expect(gzip.decompress(two, 2, LIMIT)).toEqual(utf8('one two'))
  })

  it('must be gzip, with a right checksum', () => {
    const damaged = gzip.compress(utf8('value'), 2).slice()
    damaged[damaged.length - 8]! ^= 1
    expect(() => gzip.decompress(damaged, 2, LIMIT)).toThrow(/data/)
    const zlibWrapped = Uint8Array.of(0x78, 0x9c, 0x4b, 0x04, 0x00, 0x00, 0x62, 0x00, 0x62)
    expect(() => gzip.decompress(zlibWrapped, 2, LIMIT)).toThrow(/gzip/)
  })
})

describe('snappy', () => {
  const blockOf = (bytes: Uint8Array) => {
    const sink = new ByteSink('snappy', LIMIT, 0)
    readSnappyBlock(bytes, sink)
    return sink.taken()
  }

  it('is written in the framing of snappy-java, 32 KiB of input a chunk', () => {
    const bytes = new Uint8Array(70_000).map((_, i) => i % 11)
    const framed = snappy.compress(bytes, 2)
    expect(bytesToHex(framed.subarray(0, 16))).toBe(vectors.xerial_header)
    const sizes: number[] = []
    for (let at = 16; at < framed.length; ) {
      const size = new DataView(framed.buffer).getInt32(at)
      sizes.push(blockOf(framed.subarray(at + 4, at + 4 + size)).length)
      at += 4 + size
    }
    expect(sizes).toEqual([32_768, 32_768, 4464])
  })

  it('is read with and without framing', () => {
    const framed = snappy.compress(utf8('hello hello hello'), 2)
    expect(snappy.decompress(framed, 2, LIMIT)).toEqual(utf8('hello hello hello'))
    expect(snappy.decompress(framed.subarray(20), 2, LIMIT)).toEqual(utf8('hello hello hello'))
  })

  it('knows literals and copies of all lengths', () => {
    const long = new Uint8Array(70_000).map((_, i) => i)
    const literal = (bytes: Uint8Array) =>
      bytes.length <= 60
        ? [(bytes.length - 1) << 2, ...bytes]
        : [61 << 2, (bytes.length - 1) & 255, (bytes.length - 1) >> 8, ...bytes]
    const first = long.subarray(0, 50_000)
    // Copy of 4 from 3 back, of 64 from 50,000 back, of 10 from 50,000 back with a 32-bit offset.
    const block = [
      ...varint(50_078),
      ...literal(first),
      1,
      3,
      (63 << 2) | 2,
      ...little(49_000).slice(0, 2),
      (9 << 2) | 3,
    ]
    const out = blockOf(concat(block, little(50_000)))
    expect(out).toHaveLength(50_078)
    expect([...out.subarray(50_000, 50_004)]).toEqual([...long.subarray(49_997, 50_000), long[49_997]!])
    expect([...out.subarray(50_068)]).toEqual([...out.subarray(68, 78)])
  })

  it.each([
    ['a length that is cut short', [0x80]],
    ['a length beyond 32 bits', [0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a length that cannot come out', [0xff, 0xff, 0x03, 0x00, 0x61]],
    ['less than its length says', [0x02, 0x00, 0x61]],
    ['more than its length says', [0x01, 0x04, 0x61, 0x62]],
    ['a literal that is cut short', [0x05, 0x10, 0x61]],
    ['a literal whose length is cut short', [0x05, 0xf0]],
    ['a copy before the start', [0x05, 0x00, 0x61, 0x01, 0x02]],
    ['a copy from nowhere', [0x05, 0x00, 0x61, 0x01, 0x00]],
    ['a copy that is cut short', [0x05, 0x00, 0x61, 0x02, 0x01]],
    ['a copy beyond its length', [0x03, 0x00, 0x61, 0x01, 0x01]],
  ])('refuses %s', (_what, bytes) => {
    expect(() => blockOf(Uint8Array.from(bytes))).toThrow(/snappy/)
  })

  it('refuses framing of a version that never was, and chunks that are cut short', () => {
    const framed = snappy.compress(utf8('hello'), 2)
    const ofVersion = (version: number) => concat(framed.subarray(0, 11), [version], framed.subarray(12))
    expect(snappy.decompress(ofVersion(9), 2, LIMIT)).toEqual(utf8('hello'))
    expect(() => snappy.decompress(ofVersion(0), 2, LIMIT)).toThrow(/version 0/)
    expect(() => snappy.decompress(concat(framed, [0, 0]), 2, LIMIT)).toThrow(/cut short/)
    expect(() => snappy.decompress(concat(framed, [255, 255, 255, 255]), 2, LIMIT)).toThrow(/cut short/)
  })
})

function varint(value: number): number[] {
  const bytes: number[] = []
  let left = value
  for (; left > 127; left >>= 7) bytes.push((left & 127) | 128)
  return [...bytes, left]
}

describe('xxHash32', () => {
  it.each([
    ['', '2cc5d05'],
    ['a', '550d7456'],
    ['abc', '32d153ff'],
    ['Nobody inspects the spammish repetition', 'e2293b2f'],
  ])('of %j is as published', (text, hex) => {
    const bytes = utf8(text)
    expect(xxHash32(bytes, 0, bytes.length).toString(16)).toBe(hex)
    const moved = concat([1, 2, 3], bytes, [4])
    expect(xxHash32(moved, 3, 3 + bytes.length).toString(16)).toBe(hex)
  })
})

describe('lz4', () => {
  const frame = (flags: number, ...rest: Array<readonly number[]>): Uint8Array => {
    const descriptor = Uint8Array.of(flags, 0x40)
    const checksum = (xxHash32(descriptor, 0, 2) >>> 8) & 255
    return concat([0x04, 0x22, 0x4d, 0x18], descriptor, [checksum], ...rest)
  }
  const stored = (text: string): number[] => [...little(0x8000_0000 | text.length), ...utf8(text)]
  const END = [0, 0, 0, 0]

  it('has the broken header checksum in format 0 and the right one after that', () => {
    const header = (magic: number) => bytesToHex(lz4.compress(utf8('x'), magic).subarray(0, 7))
    expect(header(0)).toBe(vectors.lz4.header_magic0_broken)
    expect([header(1), header(2)]).toEqual([vectors.lz4.header_correct, vectors.lz4.header_correct])
  })

  it.each([
    // release, format, header of format, is read
    ['0.10', 0, 0, true],
    ['0.10', 0, 1, true],
    ['0.10', 1, 1, true],
    ['0.10', 1, 0, false],
    ['0.10', 2, 0, false],
    ['0.8.2', 0, 0, true],
    ['0.8.2', 0, 1, false],
  ] as const)('in release %s, format %i with the header of format %i: read? %s', (release, magic, header, isRead) => {
    const codec = lz4Codec(release === '0.8.2' ? 'demand-broken' : 'ignore')
    const read = () => codec.decompress(codec.compress(utf8('value'), header), magic, LIMIT)
    if (isRead) expect(read()).toEqual(utf8('value'))
    else expect(read).toThrow(/header checksum/)
  })

  it('reads what the Java reader reads: content size, block and content checksums, stored blocks', () => {
    const sum = (text: string) => little(xxHash32(utf8(text), 0, text.length))
    expect(lz4.decompress(frame(0x60, stored('one'), stored('two'), END), 2, LIMIT)).toEqual(utf8('onetwo'))
    expect(lz4.decompress(frame(0x70, stored('one'), sum('one'), END), 2, LIMIT)).toEqual(utf8('one'))
    // The content checksum is skipped, right or wrong.
    expect(lz4.decompress(frame(0x64, stored('one'), END, [1, 2, 3, 4]), 2, LIMIT)).toEqual(utf8('one'))
    const descriptor = Uint8Array.of(0x68, 0x40, 3, 0, 0, 0, 0, 0, 0, 0)
    const checksum = (xxHash32(descriptor, 0, 10) >>> 8) & 255
    const sized = concat([0x04, 0x22, 0x4d, 0x18], descriptor, [checksum], stored('one'), END)
    expect(lz4.decompress(sized, 2, LIMIT)).toEqual(utf8('one'))
  })

  it('refuses what the Java reader refuses', () => {
    const refused = (bytes: Uint8Array) => () => lz4.decompress(bytes, 2, LIMIT)
    expect(refused(frame(0x40, stored('one'), END))).toThrow(/depend/)
    expect(refused(frame(0xa0, stored('one'), END))).toThrow(/version 2/)
    expect(refused(frame(0x61, stored('one'), END))).toThrow(/reserved/)
    expect(refused(frame(0x60, stored('one')))).toThrow(/end mark/)
    expect(refused(frame(0x70, stored('one'), [1, 2, 3, 4], END))).toThrow(/block checksum/)
    expect(refused(frame(0x60, little(65_537), new Array(65_537).fill(0), END))).toThrow(/more than 65536/)
    expect(refused(frame(0x60, little(100), [1, 2, 3]))).toThrow(/cut short/)
    expect(refused(utf8('no frame at all'))).toThrow(/not a frame/)
    const wrongSum = frame(0x60, stored('one'), END)
    wrongSum[6]! ^= 1
    expect(refused(wrongSum)).toThrow(/header checksum/)
  })

  it('stores what does not get smaller', () => {
    let state = 1
    const noise = new Uint8Array(1000).map(() => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return state
    })
    const framed = lz4.compress(noise, 2)
    expect(framed).toHaveLength(7 + 4 + 1000 + 4)
    expect(framed[10]).toBe(0x80)
  })

  const blockOf = (bytes: readonly number[], maxBytes = 65_536) => {
    const sink = new ByteSink('lz4', LIMIT, 0)
    decompressLz4Block(Uint8Array.from(bytes), 0, bytes.length, maxBytes, sink)
    return [...sink.taken()]
  }

  it('knows matches that overlap themselves', () => {
    // Two literals, then a match of 4 + 15 + 3 from 2 back, then five literals.
    const out = blockOf([0x2f, 1, 2, 2, 0, 3, 0x50, 9, 9, 9, 9, 9])
    expect(out).toEqual([...Array.from({ length: 24 }, (_, i) => 1 + (i % 2)), 9, 9, 9, 9, 9])
  })

  it.each([
    ['nothing', []],
    ['a match from before the block', [0x10, 1, 5, 0, 0x50, 9, 9, 9, 9, 9]],
    ['a match from nowhere', [0x10, 1, 0, 0, 0x50, 9, 9, 9, 9, 9]],
    ['a match at the end', [0x10, 1, 1, 0]],
    ['literals that are cut short', [0xf0, 200, 1, 2]],
    ['a length without end', [0xf0, 255, 255, 255]],
    ['a match length without end', [0x1f, 1, 1, 0, 255, 255, 255, 255, 255, 255]],
  ])('refuses a block with %s', (_what, bytes) => {
    expect(() => blockOf(bytes)).toThrow(/lz4/)
  })

  it('keeps the rules of the end of a block, which the reference decoder demands of full ones', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 65_400, max: 65_536 }),
        (seed, n) => {
          const input = new Uint8Array(n).map((_, i) => seed[i % seed.length]!)
          const output = new Uint8Array(lz4BlockBound(n))
          const end = compressLz4Block(input, output, 0)
          // A decoder with room for exactly this much applies the rules to the very end.
          expect(blockOf([...output.subarray(0, end)], n)).toEqual([...input])
        },
      ),
      { numRuns: 20 },
    )
  })
})

describe('zstd', () => {
  it('is one frame without checksum at the default level', () => {
    expect(bytesToHex(zstd.compress(utf8('x'), 2)).slice(0, 10)).toBe('28b52ffd00')
  })

  it('reads several frames, skippable ones, checksums and known sizes', () => {
    const frame = zstd.compress(utf8('value '), 2)
    const skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7]
    expect(zstd.decompress(concat(frame, skippable, frame), 2, LIMIT)).toEqual(utf8('value value '))
    // `printf value | zstd` of version 1.5.4: a checksum behind the block.
    const checked = hexToBytes('28b52ffd045829000076616c7565c1a94ee9')
    expect(zstd.decompress(checked, 2, LIMIT)).toEqual(utf8('value'))
    checked[checked.length - 1]! ^= 1
    expect(() => zstd.decompress(checked, 2, LIMIT)).toThrow(/broken/)
  })

  it.each([
    ['a dictionary', '28b52ffd0158010900007661'],
    ['a window of 2 GiB', '28b52ffd00a8290000766c7565'],
    ['a reserved block', '28b52ffd0058070000'],
    ['a reserved bit', '28b52ffd08582900007661'],
    ['a block that is cut short', '28b52ffd005829000076'],
    ['a frame without block', '28b52ffd0058'],
    ['nothing', ''],
    ['another magic', '28b52ffe005829000076616c7565'],
  ])('refuses %s', (_what, hex) => {
    expect(() => zstd.decompress(hexToBytes(hex), 2, LIMIT)).toThrow(/zstd/)
  })

  it('is refused before it grows when its blocks could grow beyond the limit', () => {
    // A frame of a thousand blocks, each 128 KiB of one byte.
    const block = [0x02, 0x00, 0x10, 0x61]
    const blocks = Array.from({ length: 999 }, () => block).flat()
    const bomb = concat(hexToBytes('28b52ffd0058'), blocks, [0x03, 0x00, 0x10, 0x61])
    expect(() => zstd.decompress(bomb, 2, 1_000_000)).toThrow(/more than 1000000/)
    expect(zstd.decompress(bomb, 2, 131_072_000)).toHaveLength(131_072_000)
  })
})
