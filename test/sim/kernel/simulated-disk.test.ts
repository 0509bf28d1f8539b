import { describe, expect, test } from 'vitest'
import type { SimulatedDisk } from '../../../sim/kernel/index.ts'
import { Digest, FileError, readFile } from '../../../src/host/index.ts'
import { filled, makeDisk, put } from './disk-fixture.ts'

describe('a faulty disk', () => {
  const codeOf = (body: () => unknown): string => {
    try {
      body()
    } catch (error) {
      if (error instanceof FileError) return error.code
      throw error
    }
    return 'none'
  }

  test('that is full takes what fits, fails the rest, and has room again when files are cut or removed', () => {
    const { disk, state } = makeDisk()
    put(disk, 'old', filled(50, 1))
    disk.fillUp(100)
    const handle = disk.open('f', { create: true })
    handle.write(0, filled(80, 2))
    handle.write(0, filled(80, 3))
    expect(codeOf(() => handle.write(80, filled(80, 4)))).toBe('ENOSPC')
    expect(handle.size()).toBe(100)
    expect(state.faults).toEqual(['disk-full f 80 80'])
    expect(codeOf(() => handle.write(100, filled(1, 5)))).toBe('ENOSPC')
    disk.removeFile('old')
    handle.write(100, filled(50, 5))
    handle.truncate(10)
    handle.write(10, filled(140, 6))
    expect(codeOf(() => handle.write(150, filled(1, 7)))).toBe('ENOSPC')
    disk.fillUp(undefined)
    handle.write(150, filled(10_000, 8))
    expect(handle.size()).toBe(10_150)
  })

  test('that cannot be read fails reads of that file only, until it is mended', () => {
    const { disk } = makeDisk()
    put(disk, 'bad', filled(5, 1))
    put(disk, 'good', filled(5, 2))
    disk.failReads('bad')
    expect(codeOf(() => readFile(disk, 'bad'))).toBe('EIO')
    expect(readFile(disk, 'good')).toEqual(filled(5, 2))
    disk.open('bad', { create: false }).write(5, filled(1, 1))
    disk.failReads(undefined)
    expect(readFile(disk, 'bad')).toEqual(filled(6, 1))
  })

  test('that rots flips the one bit that it is told to, durably', () => {
    const { disk, state } = makeDisk()
    put(disk, 'f', Uint8Array.of(0, 0b1010, 0), true)
    disk.corruptBit('f', 1, 0)
    disk.corruptBit('f', 1, 3)
    disk.powerLoss()
    expect([...readFile(disk, 'f')]).toEqual([0, 0b0011, 0])
    expect(state.faults).toEqual(['bit-rot f 1 1', 'bit-rot f 1 1'])
    expect(codeOf(() => disk.corruptBit('none', 0, 0))).toBe('ENOENT')
    expect(codeOf(() => disk.corruptBit('f', 3, 0))).toBe('EIO')
  })

  test('misdirects one write: its bytes land in another sector, its place keeps what it had', () => {
    const { disk, state } = makeDisk()
    put(disk, 'f', filled(2048, 1))
    const handle = disk.open('f', { create: false })
    disk.misdirectNextWrite()
    handle.write(2048, filled(100, 2))
    const content = readFile(disk, 'f')
    expect(content.length).toBe(2148)
    expect([...content.subarray(2048)].every((byte) => byte === 0)).toBe(true)
    const target = content.indexOf(2)
    expect(target % 512).toBe(0)
    expect(content.subarray(target, target + 100)).toEqual(filled(100, 2))
    expect(state.faults).toEqual([`misdirected-write f ${target} 100`])
    handle.write(2048, filled(100, 3))
    expect(readFile(disk, 'f').subarray(2048)).toEqual(filled(100, 3))
  })

  test('that is slow charges each read, write and sync', () => {
    const { disk, state } = makeDisk()
    const handle = disk.open('f', { create: true })
    disk.slowDown(10)
    handle.write(0, filled(5, 1))
    readFile(disk, 'f')
    expect(state.charged).toBe(20)
    handle.sync()
    expect(state.charged).toBe(530)
    disk.slowDown(0)
    handle.sync()
    expect(state.charged).toBe(530)
    disk.makeDirectory('d')
    disk.syncDirectory('')
    disk.syncDirectory('')
    expect(state.charged).toBe(1030)
  })
})

describe('a disk', () => {
  test('stamps changes with the machine’s clock', () => {
    const { disk, state } = makeDisk()
    put(disk, 'f', filled(1, 1))
    expect(disk.status('f')?.modifiedUs).toBe(1000)
    state.now = 77
    const handle = disk.open('f', { create: false })
    expect(disk.status('f')?.modifiedUs).toBe(1000)
    handle.write(1, filled(1, 1))
    expect(disk.status('f')?.modifiedUs).toBe(1077)
  })

  test('holds a preallocated file at no cost', () => {
    const { disk } = makeDisk()
    const before = performance.now()
    for (let i = 0; i < 200; i++) {
      const handle = disk.open(`index-${i}`, { create: true })
      handle.truncate(10 * 1024 * 1024)
      handle.write(0, filled(8, 1))
      handle.truncate(8)
      handle.truncate(10 * 1024 * 1024)
    }
    // Copied or zeroed, these 200 files would be 4 GB.
    expect(performance.now() - before).toBeLessThan(500)
    disk.powerLoss()
  })

  test('has a digest that tells content, names and durability apart', () => {
    const digestOf = (prepare: (disk: SimulatedDisk) => void): string => {
      const { disk } = makeDisk()
      prepare(disk)
      const digest = new Digest()
      disk.digest(digest)
      return digest.hex()
    }
    const variants = [
      () => {},
      (disk: SimulatedDisk) => put(disk, 'f', filled(10, 1)),
      (disk: SimulatedDisk) => put(disk, 'f', filled(10, 1), true),
      (disk: SimulatedDisk) => put(disk, 'f', filled(11, 1), true),
      (disk: SimulatedDisk) => put(disk, 'g', filled(10, 1), true),
      (disk: SimulatedDisk) => put(disk, 'f', filled(10, 0), true),
      (disk: SimulatedDisk) => disk.makeDirectory('f'),
      (disk: SimulatedDisk) => disk.fillUp(5),
      (disk: SimulatedDisk) => disk.failReads('f'),
    ]
    const digests = variants.map(digestOf)
    expect(new Set(digests).size).toBe(variants.length)
    expect(variants.map(digestOf)).toEqual(digests)
  })
})
