/**
 * A disk that fails at some operation of a workload: the error reaches the caller as it is, the log goes on in the state
 * it had before, and what the files hold is what a restart finds.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import {
  FileError,
  type FileErrorCode,
  type FileHandle,
  type FileStatus,
  type FileSystem,
} from '../../../src/host/index.ts'
import { parseDirectory, problemsOf } from './parse-files.ts'
import { append, open, StorageHost, valuesOf } from './support.ts'

/** Fails the operations from the `failAt`-th on, `failures` of them; a failing write leaves a part of its bytes. */
class FailingFiles implements FileSystem {
  readonly inner: MemoryFileSystem
  operations = 0
  failAt = Number.POSITIVE_INFINITY
  failures = 0
  code: FileErrorCode = 'EIO'

  constructor(inner: MemoryFileSystem) {
    this.inner = inner
  }

  attempt(path: string, onFailure: () => void = () => {}): void {
    this.operations++
    if (this.operations < this.failAt || this.operations >= this.failAt + this.failures) return
    onFailure()
    throw new FileError(this.code, path, 'the disk fails')
  }

  open(path: string, options: { readonly create: boolean }): FileHandle {
    this.attempt(path)
    const handle = this.inner.open(path, options)
    const attempt = this.attempt.bind(this, path)
    return {
      path,
      size: () => handle.size(),
      read: (...args) => {
        attempt()
        return handle.read(...args)
      },
      write: (position, bytes) => {
        attempt(() => handle.write(position, bytes.subarray(0, Math.ceil(bytes.length / 2))))
        handle.write(position, bytes)
      },
      truncate: (size) => {
        attempt()
        handle.truncate(size)
      },
      sync: () => {
        attempt()
        handle.sync()
      },
      close: () => handle.close(),
    }
  }

  status(path: string): FileStatus | undefined {
    return this.inner.status(path)
  }
  list(path: string): readonly string[] {
    return this.inner.list(path)
  }
  makeDirectory(path: string): void {
    this.attempt(path)
    this.inner.makeDirectory(path)
  }
  rename(from: string, to: string): void {
    this.attempt(from)
    this.inner.rename(from, to)
  }
  removeFile(path: string): void {
    this.attempt(path)
    this.inner.removeFile(path)
  }
  removeDirectory(path: string): void {
    this.attempt(path)
    this.inner.removeDirectory(path)
  }
  setModified(path: string, modifiedUs: number): void {
    this.inner.setModified(path, modifiedUs)
  }
  syncDirectory(path: string): void {
    this.attempt(path)
    this.inner.syncDirectory(path)
  }
}

const config = { 'segment.bytes': 200, 'index.interval.bytes': 30, 'segment.index.bytes': 48 }

describe('a log on a failing disk', () => {
  it('appends whole or not at all, goes on after the failure, and is found so at the next start', () => {
    const code = fc.constantFrom<FileErrorCode>('EIO', 'ENOSPC')
    fc.assert(
      fc.property(fc.nat(160), fc.integer({ min: 1, max: 4 }), code, fc.boolean(), (failAt, failures, code, clean) => {
        const files = new FailingFiles(new MemoryFileSystem())
        const host = new StorageHost(files)
        const log = open(host, config)
        Object.assign(files, { operations: 0, failAt, failures, code })
        const kept: string[] = []
        for (let i = 0; i < 60; i++) {
          try {
            append(log, `value-${i + 100}`)
            kept.push(`value-${i + 100}`)
          } catch (error) {
            expect(error).toMatchObject({ name: 'FileError', code })
          }
          host.advanceMs(0)
          expect(log.logEndOffset).toBe(kept.length)
        }
        files.failAt = Number.POSITIVE_INFINITY
        expect(valuesOf(log)).toEqual(kept)
        expect(problemsOf(parseDirectory(files, 'orders-0'))).toEqual([])
        if (clean) {
          log.flush()
          log.close()
        }
        const again = open(host, config, { cleanShutdown: clean, recoveryPoint: log.recoveryPoint })
        expect(valuesOf(again)).toEqual(kept)
        expect(problemsOf(parseDirectory(files, 'orders-0'))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  it('after a failed truncation holds, at the next start, a prefix that has at least what was to be kept', () => {
    fc.assert(
      fc.property(
        fc.nat(30),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(20),
        fc.boolean(),
        (failAt, failures, to, fully) => {
          const files = new FailingFiles(new MemoryFileSystem())
          const host = new StorageHost(files)
          const log = open(host, config)
          for (let i = 0; i < 20; i++) append(log, `value-${i + 100}`)
          const before = valuesOf(log)
          Object.assign(files, { operations: 0, failAt, failures })
          let failed = false
          try {
            if (fully) log.truncateFullyAndStartAt(50)
            else log.truncateTo(to)
          } catch (error) {
            expect(error).toBeInstanceOf(FileError)
            failed = true
          }
          files.failAt = Number.POSITIVE_INFINITY
          const again = open(host, config, { recoveryPoint: log.recoveryPoint })
          const left = valuesOf(again)
          expect(left).toEqual(before.slice(0, left.length))
          expect(problemsOf(parseDirectory(files, 'orders-0'))).toEqual([])
          if (failed && !fully) expect(left.length).toBeGreaterThanOrEqual(to)
          if (!failed) expect(again.logEndOffset).toBe(fully ? 50 : to)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('does not move the recovery point when the flush after a roll fails, and tries again with the next flush', () => {
    const files = new FailingFiles(new MemoryFileSystem())
    const host = new StorageHost(files)
    const log = open(host, { 'segment.bytes': 60 })
    for (let i = 0; i < 3; i++) append(log, `v-${i + 10}`)
    Object.assign(files, { operations: 0, failAt: 1, failures: 1 })
    host.advanceMs(0)
    expect(log.recoveryPoint).toBe(0)
    log.flush()
    expect(log.recoveryPoint).toBe(3)
  })

  it('cuts the rest of a failed write off with the next flush, if it could not at once', () => {
    const files = new FailingFiles(new MemoryFileSystem())
    const host = new StorageHost(files)
    const log = open(host)
    append(log, 'kept')
    Object.assign(files, { operations: 0, failAt: 1, failures: 2 })
    expect(() => append(log, 'a long value, half of which is written')).toThrow(FileError)
    expect(files.status('orders-0/00000000000000000000.log')!.size).toBeGreaterThan(log.size)
    log.flush()
    expect(files.status('orders-0/00000000000000000000.log')!.size).toBe(log.size)
    log.close()
    expect(valuesOf(open(host, {}, { cleanShutdown: true }))).toEqual(['kept'])
  })

  it('passes a failed read on', () => {
    const files = new FailingFiles(new MemoryFileSystem())
    const log = open(new StorageHost(files))
    append(log, 'a')
    Object.assign(files, { operations: 0, failAt: 1, failures: 1 })
    expect(() => log.read(0, 100)).toThrow(FileError)
    expect(valuesOf(log)).toEqual(['a'])
  })
})
