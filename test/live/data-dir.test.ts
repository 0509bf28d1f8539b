/**
 * A run with `--data-dir` leaves real files. They are the very bytes of the simulated disk, and a reader that shares no
 * code with the engine finds the messages in them: `formats.md` 1.3 (magic 0) and 2.2 (index), read with Node alone.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NodeFileSystem } from '../../live/index.ts'
import { MemoryFileSystem } from '../../sim/kernel/index.ts'
import { parseScenario } from '../../sim/scenario/language/index.ts'
import { runScenario } from '../../sim/scenario/runner/index.ts'
import { type FileSystem, readFile } from '../../src/host/index.ts'

const file = join(import.meta.dirname, '../../scenarios/teach/three-message-loss.yaml')
const directory = mkdtempSync(join(tmpdir(), 'kafka-trial-'))
const memory = new Map<string, MemoryFileSystem>()
const hashes: string[] = []

beforeAll(() => {
  const parsed = parseScenario(readFileSync(file, 'utf8'), file)
  if (!('plan' in parsed)) throw new Error('the scenario does not parse')
  const inMemory = (machine: string): FileSystem => {
    const files = new MemoryFileSystem()
    memory.set(machine, files)
    return files
  }
  const onDisk = (machine: string): FileSystem => new NodeFileSystem(join(directory, machine))
  for (const dataDirectory of [inMemory, onDisk]) hashes.push(runScenario(parsed.plan, { dataDirectory }).traceHash)
})

afterAll(() => rmSync(directory, { recursive: true }))

function memoryFiles(files: FileSystem, path = ''): string[] {
  return files.list(path).flatMap((name) => {
    const child = path === '' ? name : `${path}/${name}`
    return files.status(child)!.kind === 'directory' ? memoryFiles(files, child) : [child]
  })
}

function realFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(root, name)).isFile())
    .map((name) => relative('.', name))
    .sort()
}

interface Entry {
  readonly offset: number
  readonly position: number
  readonly value: string
}

/** Entries of a message set of magic 0, back to back: offset, size, crc, magic, attributes, key, value. */
function parseLog(bytes: Buffer): Entry[] {
  const entries: Entry[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readInt32BE(at + 8)
    const message = bytes.subarray(at + 12, at + 12 + size)
    expect(message.length).toBe(size)
    expect(message.readUInt32BE(0)).toBe(crc32(message.subarray(4)))
    expect(message[4]).toBe(0)
    expect(message[5]).toBe(0)
    const keyLength = message.readInt32BE(6)
    const valueAt = 10 + Math.max(0, keyLength)
    const valueLength = message.readInt32BE(valueAt)
    expect(valueAt + 4 + valueLength).toBe(size)
    const value = message.subarray(valueAt + 4).toString('utf8')
    entries.push({ offset: Number(bytes.readBigInt64BE(at)), position: at, value })
    at += 12 + size
  }
  return entries
}

describe('a run on real files', () => {
  test('has the trace hash of the run in memory', () => {
    expect(hashes[1]).toBe(hashes[0])
  })

  for (const machine of ['b1', 'b2', 'b3', 'zk1', 'zk2', 'zk3']) {
    test(`leaves on ${machine} the files of the simulated disk, byte for byte`, () => {
      const files = memory.get(machine)!
      const names = memoryFiles(files).sort()
      expect(realFiles(join(directory, machine))).toEqual(names)
      for (const name of names) {
        expect(Buffer.compare(readFileSync(join(directory, machine, name)), readFile(files, name)), name).toBe(0)
      }
    })
  }

  for (const machine of ['b1', 'b2', 'b3']) {
    test(`leaves on ${machine} a segment in which a reader of its own finds the messages`, () => {
      const entries = parseLog(readFileSync(join(directory, machine, 'orders-0/00000000000000000000.log')))
      expect(entries.map((entry) => entry.offset)).toEqual([0, 1, 2, 3, 4])
      expect(entries.map((entry) => entry.value).sort()).toEqual(['m1', 'm2', 'm2', 'm3', 'm4'])
      expect(entries.slice(0, 3).map((entry) => entry.value)).toEqual(['m1', 'm2', 'm4'])
    })

    test(`leaves on ${machine} a high watermark checkpoint in Kafka's own form`, () => {
      const text = readFileSync(join(directory, machine, 'replication-offset-checkpoint'), 'utf8')
      expect(text).toBe('0\n1\norders 0 5\n')
    })
  }
})
