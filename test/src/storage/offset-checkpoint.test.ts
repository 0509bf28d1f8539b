import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import { FileError, type FileSystem, fromUtf8, readFile, utf8 } from '../../../src/host/index.ts'
import { CorruptLogError, OffsetCheckpoint } from '../../../src/storage/index.ts'
import { rewrite } from './support.ts'

const PATH = 'replication-offset-checkpoint'
const textOf = (files: FileSystem): string => fromUtf8(readFile(files, PATH))

describe('an offset checkpoint', () => {
  it('has the lines that Kafka writes', () => {
    const files = new MemoryFileSystem()
    new OffsetCheckpoint(files, PATH).write(
      new Map([
        ['topicA-0', 1234],
        ['with-dashes-1', 0],
      ]),
    )
    expect(textOf(files)).toBe('0\n2\ntopicA 0 1234\nwith-dashes 1 0\n')
    expect(files.list('')).toEqual([PATH])
  })

  it('is empty while there is no file, and when the file is empty', () => {
    const files = new MemoryFileSystem()
    const checkpoint = new OffsetCheckpoint(files, PATH)
    expect(checkpoint.read().size).toBe(0)
    rewrite(files, PATH, () => new Uint8Array(0))
    expect(checkpoint.read().size).toBe(0)
    checkpoint.write(new Map())
    expect(textOf(files)).toBe('0\n0\n')
    expect(checkpoint.read().size).toBe(0)
  })

  it('comes back as it was written, also over a longer one and over what a crash left of the temporary file', () => {
    const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,12}$/)
    const tp = fc.tuple(topic, fc.nat(999)).map(([topic, partition]) => `${topic}-${partition}`)
    const entries = fc.array(fc.tuple(tp, fc.maxSafeNat())).map((pairs) => new Map(pairs))
    fc.assert(
      fc.property(entries, entries, (first, second) => {
        const files = new MemoryFileSystem()
        const checkpoint = new OffsetCheckpoint(files, PATH)
        for (const written of [first, second]) {
          rewrite(files, `${PATH}.tmp`, () => utf8('0\n99\nleft over from a crash\n'.repeat(20)))
          checkpoint.write(written)
          expect([...checkpoint.read()]).toEqual([...written])
        }
      }),
    )
  })

  it('syncs the new content before it takes the place of the old one', () => {
    const files = new MemoryFileSystem()
    const steps: string[] = []
    const original = files.open.bind(files)
    files.open = (path, options) => {
      const handle = original(path, options)
      const sync = handle.sync.bind(handle)
      handle.sync = () => {
        steps.push(`sync ${path}`)
        sync()
      }
      return handle
    }
    const rename = files.rename.bind(files)
    files.rename = (from, to) => {
      steps.push(`rename ${from} ${to}`)
      rename(from, to)
    }
    new OffsetCheckpoint(files, PATH).write(new Map([['t-0', 1]]))
    expect(steps).toEqual([`sync ${PATH}.tmp`, `rename ${PATH}.tmp ${PATH}`])
  })

  it('keeps the old content when the disk fails on the new', () => {
    const files = new MemoryFileSystem()
    const checkpoint = new OffsetCheckpoint(files, PATH)
    checkpoint.write(new Map([['t-0', 1]]))
    const original = files.open.bind(files)
    files.open = (path, options) => {
      const handle = original(path, options)
      handle.write = () => {
        throw new FileError('ENOSPC', path, 'no space left on device')
      }
      return handle
    }
    expect(() => checkpoint.write(new Map([['t-0', 2]]))).toThrow(FileError)
    expect([...checkpoint.read()]).toEqual([['t-0', 1]])
  })

  it('is refused with the file and the reason if it is malformed', () => {
    const problemOf = (text: string): string => {
      const files = new MemoryFileSystem()
      rewrite(files, PATH, () => utf8(text))
      try {
        new OffsetCheckpoint(files, PATH).read()
        return 'none'
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptLogError)
        expect((error as CorruptLogError).path).toBe(PATH)
        return (error as Error).message.replace(/^.*at byte 0: /, '')
      }
    }
    expect(problemOf('0\n1\nt 0 5\n')).toBe('none')
    expect(problemOf('0\n1\nt 0 5')).toBe('none')
    expect(problemOf('0\n')).toBe('none')
    expect(problemOf('0\r\n1\r\nt 0 5\r\n')).toBe('none')
    expect(problemOf('0\n0\v')).toBe("0 entries where line 2 says '0\v'")
    expect(problemOf(' 0\n0\n')).toBe("version ' 0'")
    expect(problemOf('1\n0\n')).toBe("version '1'")
    expect(problemOf('0\n2\nt 0 5\n')).toBe("1 entries where line 2 says '2'")
    expect(problemOf('0\n1\nt 0\n')).toBe("line 't 0'")
    expect(problemOf('0\n1\nt 0 5 6\n')).toBe("line 't 0 5 6'")
    expect(problemOf('0\n1\nt 0 -5\n')).toBe("line 't 0 -5'")
    expect(problemOf('0\n1\nt 0 99999999999999999999\n')).toBe("line 't 0 99999999999999999999'")
    expect(problemOf('0\nmany\n')).toBe("0 entries where line 2 says 'many'")
    expect(problemOf('garbage')).toBe("version 'garbage'")
  })
})
