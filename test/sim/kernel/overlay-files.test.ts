import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryFileSystem, OverlayFileSystem } from '../../../sim/kernel/index.ts'
import { type FileSystem, readFile, utf8 } from '../../../src/host/index.ts'

const write = (files: FileSystem, path: string, bytes: Uint8Array, position = 0): void => {
  const handle = files.open(path, { create: true })
  handle.write(position, bytes)
  handle.close()
}

const truncate = (files: FileSystem, path: string, size: number): void => {
  const handle = files.open(path, { create: true })
  handle.truncate(size)
  handle.close()
}

function baseWith(content: Readonly<Record<string, Uint8Array>>): MemoryFileSystem {
  const files = new MemoryFileSystem(() => 77)
  for (const [path, bytes] of Object.entries(content)) {
    if (path.includes('/')) files.makeDirectory(path.slice(0, path.lastIndexOf('/')))
    write(files, path, bytes)
  }
  return files
}

describe('an overlay over files', () => {
  test('shows what is below until it is changed, and never changes it', () => {
    const before = new Uint8Array(20_000).map((_, i) => i)
    const base = baseWith({ 'd/f': before, 'd/g': utf8('gone soon') })
    const files = new OverlayFileSystem(base)
    expect(readFile(files, 'd/f')).toEqual(before)
    expect(files.status('d/f')).toEqual({ kind: 'file', size: 20_000, modifiedUs: 77 })
    expect(files.changes()).toEqual([])
    write(files, 'd/f', utf8('XYZ'), 5000)
    truncate(files, 'd/f', 12_000)
    truncate(files, 'd/f', 13_000)
    files.removeFile('d/g')
    files.rename('d/f', 'd/h')
    const expected = new Uint8Array(13_000)
    expected.set(before.subarray(0, 12_000))
    expected.set(utf8('XYZ'), 5000)
    expect(readFile(files, 'd/h')).toEqual(expected)
    expect(readFile(base, 'd/f')).toEqual(before)
    expect(files.changes()).toEqual([
      { kind: 'removed', path: 'd/g', size: 9 },
      { kind: 'renamed', path: 'd/h', from: 'd/f' },
      { kind: 'rewritten', path: 'd/h', from: 20_000, to: 13_000, position: 5000 },
    ])
  })

  test('tells no change where a file holds again what it held', () => {
    const base = baseWith({ f: utf8('same'), g: utf8('longer') })
    const files = new OverlayFileSystem(base)
    truncate(files, 'f', 0)
    write(files, 'f', utf8('same'))
    truncate(files, 'g', 4)
    write(files, 'new', utf8('x'))
    expect(files.changes()).toEqual([
      { kind: 'cut', path: 'g', from: 6, to: 4 },
      { kind: 'created', path: 'new', size: 1 },
    ])
  })

  test('reads as a plain file does, whatever is written and cut', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), at: fc.nat(20_000), size: fc.nat(9000), fill: fc.nat(255) }),
      fc.record({
        kind: fc.constant('truncate' as const),
        at: fc.nat(25_000),
        size: fc.constant(0),
        fill: fc.constant(0),
      }),
    )
    fc.assert(
      fc.property(fc.nat(20_000), fc.array(operation, { maxLength: 12 }), (size, operations) => {
        const start = new Uint8Array(size).map((_, i) => i * 7)
        const [files, plain] = [new OverlayFileSystem(baseWith({ f: start })), baseWith({ f: start })]
        for (const { kind, at, size: bytes, fill } of operations) {
          for (const one of [files, plain]) {
            if (kind === 'write') write(one, 'f', new Uint8Array(bytes).fill(fill), at)
            else truncate(one, 'f', at)
          }
        }
        expect(Buffer.compare(readFile(files, 'f'), readFile(plain, 'f'))).toBe(0)
      }),
    )
  })
})
