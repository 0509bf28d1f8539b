/** `preallocate` (KAFKA-1646): a segment's file has its full size from the start, and none of it when it is done. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import { FileError, type FileHandle, readFile } from '../../../src/host/index.ts'
import { logFormat09, logFormat24 } from '../../../src/storage/index.ts'
import { append, copyFiles, open, StorageHost, valuesOf } from './support.ts'

const SEGMENT = 1000
const FIRST = 'orders-0/00000000000000000000.log'
const config = { 'segment.bytes': SEGMENT, 'index.interval.bytes': 50 }
const format = { ...logFormat09, preallocates: true }

const sizeOf = (host: StorageHost, path: string): number => host.files.status(path)!.size
const logsOf = (host: StorageHost): string[] => host.files.list('orders-0').filter((name) => name.endsWith('.log'))
const opened = (host: StorageHost, options = {}) => open(host, config, { format, ...options })

describe('a preallocated segment', () => {
  it('has its full size on disk, and only what was appended for its readers', () => {
    const host = new StorageHost()
    const log = opened(host)
    expect(sizeOf(host, FIRST)).toBe(SEGMENT)
    expect([log.size, log.logEndOffset]).toEqual([0, 0])
    append(log, 'a', 'b')
    log.flush()
    expect(sizeOf(host, FIRST)).toBe(SEGMENT)
    expect(log.size).toBeLessThan(100)
    expect(valuesOf(log)).toEqual(['a', 'b'])
    expect(log.read(0, 10_000).records).toHaveLength(log.size)
  })

  it('is trimmed when the next one begins, and at a clean stop', () => {
    const host = new StorageHost()
    const log = opened(host)
    for (let i = 0; i < 30; i++) append(log, `message ${i} ${'x'.repeat(50)}`)
    const names = logsOf(host)
    expect(names.length).toBeGreaterThan(2)
    const sizes = log.segments.map(({ size }) => size)
    expect(names.slice(0, -1).map((name) => sizeOf(host, `orders-0/${name}`))).toEqual(sizes.slice(0, -1))
    expect(sizeOf(host, `orders-0/${names.at(-1)}`)).toBe(SEGMENT)
    log.flush()
    log.close()
    expect(names.map((name) => sizeOf(host, `orders-0/${name}`))).toEqual(sizes)
  })

  it('loses its zeros, and nothing else, to recovery; it is not allocated a second time', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 80 }), { maxLength: 40 }), (values) => {
        const host = new StorageHost()
        const log = opened(host)
        for (const value of values) append(log, value)
        const after = new StorageHost()
        copyFiles(host.files, after.files)
        const again = opened(after)
        expect(valuesOf(again)).toEqual(values)
        for (const { size, log: file } of again.segments) expect(sizeOf(after, file.path)).toBe(size)
        append(again, 'more')
        expect(valuesOf(again)).toEqual([...values, 'more'])
      }),
      { numRuns: 50 },
    )
  })

  it('leaves the same files after a clean stop as one that is not', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 80 }), { maxLength: 40 }), fc.boolean(), (values, isNew) => {
        const release = isNew ? logFormat24 : logFormat09
        const [plain, allocated] = [false, true].map((preallocates) => {
          const host = new StorageHost()
          const log = open(host, config, { format: { ...release, preallocates } })
          for (const value of values) append(log, value)
          if (values.length > 3) log.truncateTo(values.length - 2)
          log.flush()
          log.close()
          return host.files.list('orders-0').map((name) => [name, readFile(host.files, `orders-0/${name}`)])
        })
        expect(allocated).toEqual(plain)
      }),
      { numRuns: 50 },
    )
  })

  it('has zeros again where a write failed', () => {
    const host = new StorageHost()
    const files = host.files as MemoryFileSystem
    let failing = false
    const real = files.open.bind(files)
    host.files = Object.assign(Object.create(files) as MemoryFileSystem, {
      open(path: string, options: { readonly create: boolean }): FileHandle {
        const handle = real(path, options)
        const write = handle.write.bind(handle)
        return Object.assign(Object.create(handle) as FileHandle, {
          read: handle.read.bind(handle),
          size: handle.size.bind(handle),
          truncate: handle.truncate.bind(handle),
          sync: handle.sync.bind(handle),
          close: handle.close.bind(handle),
          write(position: number, bytes: Uint8Array): void {
            if (!failing || !path.endsWith('.log')) return write(position, bytes)
            write(position, bytes.subarray(0, 20))
            throw new FileError('EIO', path, 'the disk says no')
          },
        })
      },
    })
    const log = opened(host)
    append(log, 'kept')
    failing = true
    expect(() => append(log, 'lost')).toThrow(FileError)
    failing = false
    const bytes = readFile(files, FIRST)
    expect(bytes).toHaveLength(SEGMENT)
    expect(bytes.subarray(log.size).every((byte) => byte === 0)).toBe(true)
    append(log, 'next')
    expect(valuesOf(log)).toEqual(['kept', 'next'])
  })
})
