/** What every `Host` must do. An arm can run processes on two machines, and let time pass. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Connection,
  type Host,
  InvariantError,
  type Message,
  type Micros,
  readFile,
  utf8,
} from '../../src/host/index.ts'

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
