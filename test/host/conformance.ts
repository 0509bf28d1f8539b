/**
 * What every host must do, whatever it is made of. An arm says how to get one; the suite does not know which it has.
 * `fileConformance` needs a file system only, `hostConformance` two machines that can run processes and let time pass.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Connection,
  FileError,
  type FileSystem,
  type Host,
  InvariantError,
  type Message,
  type Micros,
  readFile,
  utf8,
} from '../../src/host/index.ts'

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

export interface HostArm {
  readonly name: string
  /** Starts a process on machine `a` or `b`; `start` is its whole code. */
  run(machine: 'a' | 'b', start: (host: Host) => void): void
  /** Lets this much time pass. */
  pass(us: Micros): void
  /** Kills the process of a machine. */
  kill(machine: 'a' | 'b'): void
  close(): void
}

const PORT = 4711

export function hostConformance(makeArm: () => HostArm): void {
  describe(`the host of ${makeArm().name}`, () => {
    let arm!: HostArm
    let heard!: string[]
    beforeEach(() => {
      arm = makeArm()
      heard = []
    })
    afterEach(() => arm.close())

    const ear = (name: string) => ({
      opened: () => heard.push(`${name} opened`),
      received: (message: Message) => heard.push(`${name} ${(message as { text: string }).text}`),
      closed: (reason: string) => heard.push(`${name} ${reason}`),
    })

    test('fires timers once, never early, in order, and not when cancelled', () => {
      const fired: Array<{ name: string; late: number }> = []
      arm.run('a', (host) => {
        const set = (name: string, us: Micros) => {
          const dueUs = host.now() + us
          return host.setTimer(us, name, () => fired.push({ name, late: host.now() - dueUs }))
        }
        set('third', 30_000)
        const never = set('never', 10_000)
        set('first', 10_000)
        set('second', 20_000)
        never.cancel()
        never.cancel()
      })
      arm.pass(100_000)
      expect(fired.map(({ name }) => name)).toEqual(['first', 'second', 'third'])
      for (const { late } of fired) expect(late).toBeGreaterThanOrEqual(0)
    })

    test('has a clock of whole microseconds that goes forward', () => {
      const times: number[] = []
      arm.run('a', (host) => {
        times.push(host.now())
        host.setTimer(5000, 'x', () => times.push(host.now()))
      })
      arm.pass(50_000)
      expect(times.every(Number.isSafeInteger)).toBe(true)
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(5000)
    })

    test('carries messages in order both ways, and hands over the same object', () => {
      const sent = Array.from({ length: 50 }, (_, i) => ({ text: String(i) }))
      const got: Message[] = []
      const back: Message[] = []
      arm.run('b', (host) => {
        host.listen(PORT, (connection) => ({
          received: (message) => {
            got.push(message)
            connection.send(message, 10)
          },
          closed: () => {},
        }))
      })
      arm.run('a', (host) => {
        const handler = { received: (message: Message) => back.push(message), closed: () => {} }
        const connection = host.connect({ machine: 'b', port: PORT }, handler, 1_000_000)
        for (const message of sent.slice(0, 25)) connection.send(message, 10)
        host.setTimer(100_000, 'rest', () => {
          for (const message of sent.slice(25)) connection.send(message, 10)
        })
      })
      arm.pass(500_000)
      expect(got).toEqual(sent)
      expect(back).toEqual(sent)
      expect(got.every((message, i) => message === sent[i])).toBe(true)
    })

    test('tells the client that nobody listens, or that nobody listens any more', () => {
      arm.run('b', (host) => {
        host.listen(PORT, () => ear('server'))
        host.unlisten(PORT)
      })
      arm.run('a', (host) => {
        const connection = host.connect({ machine: 'b', port: PORT }, ear('client'), 1_000_000)
        expect(connection.isOpen).toBe(true)
        host.setTimer(200_000, 'later', () => heard.push(`open: ${connection.isOpen}`))
      })
      arm.pass(500_000)
      expect(heard).toEqual(['client refused', 'open: false'])
    })

    test('tells the peer of a close behind all messages, and calls the closer no more', () => {
      arm.run('b', (host) => host.listen(PORT, () => ear('server')))
      arm.run('a', (host) => {
        const connection = host.connect({ machine: 'b', port: PORT }, ear('client'), 1_000_000)
        host.setTimer(100_000, 'close', () => {
          connection.send({ text: 'last' }, 10)
          connection.close()
          connection.send({ text: 'too late' }, 10)
          connection.close()
          heard.push(`open: ${connection.isOpen}`)
        })
      })
      arm.pass(500_000)
      expect(heard).toEqual(['client opened', 'open: false', 'server last', 'server peer-closed'])
    })

    test('tells the peer when a process is killed, and drops all callbacks of the dead', () => {
      arm.run('b', (host) => {
        host.listen(PORT, () => ear('server'))
        host.setTimer(200_000, 'x', () => heard.push('timer of the dead'))
      })
      let connection!: Connection
      arm.run('a', (host) => {
        connection = host.connect({ machine: 'b', port: PORT }, ear('client'), 1_000_000)
      })
      arm.pass(100_000)
      arm.kill('b')
      arm.pass(500_000)
      expect(heard).toEqual(['client opened', 'client peer-closed'])
      expect(connection.isOpen).toBe(false)
    })

    test('ends a process that halts, within its handler', () => {
      arm.run('a', (host) => {
        host.setTimer(10_000, 'halt', () => {
          heard.push('halting')
          host.halt('test')
        })
        host.setTimer(20_000, 'x', () => heard.push('after the end'))
      })
      arm.pass(100_000)
      expect(heard).toEqual(['halting'])
    })

    test('lets one listener have a port, and gives it to the next life after a kill', () => {
      let error: unknown
      arm.run('b', (host) => {
        host.listen(PORT, () => ear('first'))
        try {
          host.listen(PORT, () => ear('second'))
        } catch (caught) {
          error = caught
        }
      })
      arm.pass(10_000)
      expect(error).toBeInstanceOf(InvariantError)
      arm.kill('b')
      arm.run('b', (host) => host.listen(PORT, () => ear('third')))
      arm.run('a', (host) =>
        host.connect({ machine: 'b', port: PORT }, ear('client'), 1_000_000).send({ text: 'hi' }, 1),
      )
      arm.pass(500_000)
      expect(heard).toEqual(['client opened', 'third hi'])
    })

    test('gives one stream a purpose, and files that outlive the process', () => {
      arm.run('a', (host) => {
        expect(host.machine).toBe('a')
        expect(host.random('x')).toBe(host.random('x'))
        expect(host.random('x')).not.toBe(host.random('y'))
        expect([0, 1, 2]).toContain(host.random('x').intBelow(3, 'draw'))
        const file = host.files.open('f', { create: true })
        file.write(0, utf8('kept'))
        file.close()
      })
      arm.pass(10_000)
      arm.kill('a')
      arm.run('a', (host) => heard.push(String.fromCharCode(...readFile(host.files, 'f'))))
      arm.pass(10_000)
      expect(heard).toEqual(['kept'])
    })
  })
}
