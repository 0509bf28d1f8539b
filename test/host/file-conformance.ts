/** What every `FileSystem` must do, whatever it is made of. An arm says how to get one. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FileError, type FileSystem, InvariantError, readFile, utf8 } from '../../src/host/index.ts'

export interface FileArm {
  readonly name: string
  /** An empty file system. */
  open(): FileSystem
  close(): void
}

export function fileConformance(arm: FileArm): void {
  describe(`files of ${arm.name}`, () => {
    let files!: FileSystem
    beforeEach(() => {
      files = arm.open()
    })
    afterEach(() => arm.close())

    const write = (path: string, content: string): void => {
      const handle = files.open(path, { create: true })
      handle.write(0, utf8(content))
      handle.close()
    }
    const content = (path: string): string => String.fromCharCode(...readFile(files, path))
    const codeOf = (body: () => unknown): string => {
      try {
        body()
      } catch (error) {
        expect(error).toBeInstanceOf(FileError)
        return (error as FileError).code
      }
      return 'none'
    }

    test('read back what was written, at any position, with zeros in the gaps', () => {
      const handle = files.open('f', { create: true })
      handle.write(3, utf8('abc'))
      handle.write(10_000, utf8('far'))
      handle.write(4, utf8('BX'))
      const bytes = new Uint8Array(20).fill(9)
      expect(handle.read(0, bytes, 2, 10)).toBe(10)
      expect([...bytes.subarray(0, 13)]).toEqual([9, 9, 0, 0, 0, 97, 66, 88, 0, 0, 0, 0, 9])
      expect(handle.read(9_999, bytes, 0, 20)).toBe(4)
      expect([...bytes.subarray(0, 4)]).toEqual([0, 102, 97, 114])
      expect(handle.read(10_003, bytes, 0, 20)).toBe(0)
      expect(handle.read(50_000, bytes, 0, 20)).toBe(0)
      expect(handle.size()).toBe(10_003)
      handle.close()
    })

    test('append large and small blocks across any page boundary', () => {
      const handle = files.open('f', { create: true })
      const expected: number[] = []
      for (let i = 0; i < 40; i++) {
        const block = new Uint8Array(i * 37 + 1).fill(i)
        handle.write(handle.size(), block)
        expected.push(...block)
      }
      expect(readFile(files, 'f')).toEqual(Uint8Array.from(expected))
      handle.close()
    })

    test('are cut, and read zeros where they grow again', () => {
      const handle = files.open('f', { create: true })
      handle.write(0, new Uint8Array(9000).fill(7))
      handle.truncate(5000)
      expect(handle.size()).toBe(5000)
      handle.truncate(10_485_760)
      expect(handle.size()).toBe(10_485_760)
      const bytes = new Uint8Array(3)
      handle.read(4999, bytes, 0, 3)
      expect([...bytes]).toEqual([7, 0, 0])
      handle.read(8000, bytes, 0, 3)
      expect([...bytes]).toEqual([0, 0, 0])
      expect(files.status('f')?.size).toBe(10_485_760)
      handle.close()
    })

    test('show one content through several handles, and a closed handle is a bug', () => {
      const one = files.open('f', { create: true })
      const two = files.open('f', { create: false })
      one.write(0, utf8('shared'))
      expect(content('f')).toBe('shared')
      expect(two.size()).toBe(6)
      one.close()
      one.close()
      expect(() => one.size()).toThrow(InvariantError)
      expect(() => one.write(0, utf8('x'))).toThrow(InvariantError)
      expect(two.size()).toBe(6)
      two.close()
    })

    test('are opened only if they exist, or are to be created in a directory that does', () => {
      expect(codeOf(() => files.open('f', { create: false }))).toBe('ENOENT')
      expect(codeOf(() => files.open('d/f', { create: true }))).toBe('ENOENT')
      write('f', 'x')
      expect(codeOf(() => files.open('f/g', { create: true }))).toBe('ENOTDIR')
      files.makeDirectory('d')
      expect(codeOf(() => files.open('d', { create: true }))).toBe('EISDIR')
      write('d/f', 'y')
      expect(content('d/f')).toBe('y')
    })

    test('have a status, or none', () => {
      expect(files.status('f')).toBeUndefined()
      expect(files.status('')).toMatchObject({ kind: 'directory', size: 0 })
      files.makeDirectory('a/b')
      write('a/b/f', '12345')
      expect(files.status('a/b')).toEqual({ kind: 'directory', size: 0, modifiedUs: 0 })
      expect(files.status('a/b/f')).toMatchObject({ kind: 'file', size: 5 })
      expect(files.status('a/b/f/g')).toBeUndefined()
    })

    test('keep the time of change that is set', () => {
      write('f', 'x')
      files.setModified('f', 1_700_000_000_123_456)
      expect(files.status('f')?.modifiedUs).toBe(1_700_000_000_123_456)
      files.rename('f', 'g')
      expect(files.status('g')?.modifiedUs).toBe(1_700_000_000_123_456)
      expect(codeOf(() => files.setModified('f', 1))).toBe('ENOENT')
    })

    test('are listed in code unit order', () => {
      for (const name of ['b', 'a', 'Z', '10', '9', 'é', '_']) write(name, '')
      files.makeDirectory('dir')
      expect(files.list('')).toEqual(['10', '9', 'Z', '_', 'a', 'b', 'dir', 'é'])
      expect(files.list('dir')).toEqual([])
      expect(codeOf(() => files.list('nowhere'))).toBe('ENOENT')
      expect(codeOf(() => files.list('a'))).toBe('ENOTDIR')
    })

    test('lie in directories that are made with their parents, twice without harm', () => {
      files.makeDirectory('a/b/c')
      files.makeDirectory('a/b/c')
      files.makeDirectory('')
      expect(files.list('a/b')).toEqual(['c'])
      write('a/f', 'x')
      expect(codeOf(() => files.makeDirectory('a/f'))).toBe('EEXIST')
      expect(codeOf(() => files.makeDirectory('a/f/g'))).toBe('ENOTDIR')
    })

    test('are renamed, over files that exist, while open', () => {
      write('old', 'new content')
      write('target', 'replaced')
      const replaced = files.open('target', { create: false })
      const moved = files.open('old', { create: false })
      files.rename('old', 'target')
      expect(files.list('')).toEqual(['target'])
      expect(content('target')).toBe('new content')
      moved.write(0, utf8('NEW'))
      expect(content('target')).toBe('NEW content')
      const bytes = new Uint8Array(8)
      expect(replaced.read(0, bytes, 0, 8)).toBe(8)
      expect(String.fromCharCode(...bytes)).toBe('replaced')
      moved.close()
      replaced.close()
      files.rename('target', 'target')
      expect(content('target')).toBe('NEW content')
    })

    test('are renamed as whole directories', () => {
      files.makeDirectory('a/deep')
      write('a/deep/f', 'x')
      const handle = files.open('a/deep/f', { create: false })
      files.makeDirectory('empty')
      files.rename('a', 'empty')
      expect(files.list('')).toEqual(['empty'])
      handle.write(1, utf8('y'))
      handle.close()
      expect(content('empty/deep/f')).toBe('xy')
    })

    test('refuse renames that make no sense', () => {
      write('f', 'x')
      files.makeDirectory('d/inner')
      files.makeDirectory('e')
      expect(codeOf(() => files.rename('none', 'g'))).toBe('ENOENT')
      expect(codeOf(() => files.rename('f', 'nowhere/g'))).toBe('ENOENT')
      expect(codeOf(() => files.rename('f', 'd'))).toBe('EISDIR')
      expect(codeOf(() => files.rename('d', 'f'))).toBe('ENOTDIR')
      expect(codeOf(() => files.rename('e', 'd'))).toBe('ENOTEMPTY')
      expect(codeOf(() => files.rename('d', 'd/inner/x'))).toBe('EACCES')
      expect(codeOf(() => files.rename('', 'x'))).toBe('EACCES')
      expect(files.list('')).toEqual(['d', 'e', 'f'])
    })

    test('are removed, and live on for who holds them open', () => {
      write('f', 'still here')
      const handle = files.open('f', { create: false })
      files.removeFile('f')
      expect(files.status('f')).toBeUndefined()
      expect(codeOf(() => files.removeFile('f'))).toBe('ENOENT')
      expect(handle.size()).toBe(10)
      write('f', 'another')
      handle.write(0, utf8('S'))
      expect(content('f')).toBe('another')
      handle.close()
      files.makeDirectory('d')
      expect(codeOf(() => files.removeFile('d'))).toBe('EISDIR')
    })

    test('are removed with their directory', () => {
      files.makeDirectory('d/e')
      write('d/e/f', 'x')
      write('d/g', 'y')
      files.removeDirectory('d')
      expect(files.list('')).toEqual([])
      expect(codeOf(() => files.removeDirectory('d'))).toBe('ENOENT')
      write('f', 'x')
      expect(codeOf(() => files.removeDirectory('f'))).toBe('ENOTDIR')
    })

    test('are synced, as are directories', () => {
      files.makeDirectory('d')
      const handle = files.open('d/f', { create: true })
      handle.write(0, utf8('x'))
      handle.sync()
      handle.close()
      files.syncDirectory('d')
      files.syncDirectory('')
      expect(codeOf(() => files.syncDirectory('none'))).toBe('ENOENT')
      expect(codeOf(() => files.syncDirectory('d/f'))).toBe('ENOTDIR')
    })

    test('refuse paths that leave the root, as a bug', () => {
      for (const path of ['../f', '/f', 'a//b', './f', 'a/']) {
        expect(() => files.open(path, { create: true })).toThrow(InvariantError)
      }
    })
  })
}
