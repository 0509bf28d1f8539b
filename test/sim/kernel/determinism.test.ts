/**
 * Goal: the same seed gives the same run to the last trace line, and streams do not disturb each other.
 * Method: a small mesh of machines that gossip, write and sync files at drawn times, while drawn faults strike.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TraceHash, World, type WorldOptions } from '../../../sim/kernel/index.ts'
import { type Connection, Digest, type Host, type Message } from '../../../src/host/index.ts'
import { line, PORT, script } from './script.ts'

const NAMES = ['b1', 'b2', 'b3', 'b4']

/** Connects to all others, sends rumours at drawn times, and writes down what it hears. */
function gossip(host: Host): void {
  const log = host.files.open('rumours', { create: true })
  const open = new Set<Connection>()
  let heard = 0
  const received = (message: Message): void => {
    heard++
    const { count } = message as { count: number }
    log.write(log.size(), Uint8Array.of(count & 255))
    if (count % 5 === 0) log.sync()
    if (host.tracing) host.trace({ kind: `Heard ${count} ${host.now()}` })
  }
  const closed = (reason: string, connection: Connection): void => {
    open.delete(connection)
    if (host.tracing) host.trace({ kind: `Closed ${reason}` })
    host.setTimer(20_000, 'reconnect', connect(connection.peer))
  }
  const connect = (machine: string) => () => {
    open.add(host.connect({ machine, port: PORT }, { received, closed }, 30_000))
  }
  host.listen(PORT, (connection) => {
    open.add(connection)
    return { received, closed: () => open.delete(connection) }
  })
  for (const name of NAMES) if (name > host.machine) connect(name)()
  const random = host.random('gossip')
  const tick = (): void => {
    for (const connection of open) connection.send({ count: heard }, random.intBetween(10, 500, 'size'))
    host.setTimer(random.intBetween(1000, 20_000, 'pause'), 'tick', tick)
  }
  tick()
}

function strike(world: World): void {
  const random = world.random('faults')
  const machine = world.machine(random.pick(NAMES, 'target'))
  const other = random.pick(NAMES, 'other')
  switch (random.intBelow(16, 'fault')) {
    case 0:
      return machine.crash()
    case 1:
      return machine.powerOff()
    case 2:
      return machine.pause()
    case 3:
      return machine.resume()
    case 4:
      return world.network.cut(machine.name, other)
    case 5:
      return world.network.healAll()
    case 6:
      return machine.setClock({
        jumpUs: random.intBetween(-9000, 9000, 'jump'),
        driftPpm: random.intBelow(9000, 'ppm'),
      })
    case 7:
      return world.network.reset(machine.name, other)
    default:
      if (machine.state === 'off' || machine.state === 'stopped') machine.restart()
  }
}

function gossipWorld(options: Partial<WorldOptions>): World {
  const network = { latencyUs: { low: 100, high: 3000 }, bytesPerSecond: 1_000_000 }
  const world = new World({ seed: 1, network, freezeMessages: true, ...options })
  for (const name of NAMES) world.addMachine(name).boot(script(gossip))
  const again = (): void => {
    strike(world)
    world.schedule(15_000, 'strike', again)
  }
  world.schedule(15_000, 'strike', again)
  return world
}

function hashOf(options: Partial<WorldOptions>, untilUs = 1_000_000): { hash: string; digest: string; steps: number } {
  const world = gossipWorld(options)
  const hash = new TraceHash(line)
  world.trace.subscribe(hash.subscriber, { messages: true })
  world.run(untilUs)
  return { hash: hash.hex(), digest: world.digest(), steps: world.steps }
}

describe('a run', () => {
  test('is the same twice for any seed, in either order of equal times', () => {
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), (seed, exploreSchedule) => {
        const first = hashOf({ seed, exploreSchedule })
        expect(first.steps).toBeGreaterThan(100)
        expect(hashOf({ seed, exploreSchedule })).toEqual(first)
      }),
      { numRuns: 15 },
    )
  })

  test('differs between seeds and between schedules', () => {
    const hashes = [1, 2, 3].map((seed) => hashOf({ seed }).hash)
    hashes.push(hashOf({ seed: 1, exploreSchedule: true }).hash)
    expect(new Set(hashes).size).toBe(4)
  })

  test('is the one that it was when this test was written, on every engine', () => {
    expect(hashOf({ seed: 2026 })).toEqual({ hash: '66cd6cffc5446c81', digest: '644ca1be315c3249', steps: 1305 })
  })

  test('goes on in the same way from equal digests, stepped or run', () => {
    const run = gossipWorld({ seed: 3 })
    const stepped = gossipWorld({ seed: 3 })
    run.run(300_000)
    while (stepped.queue.peekTime() <= 300_000) stepped.step()
    stepped.run(300_000)
    expect(stepped.digest()).toBe(run.digest())
    const before = run.digest()
    run.step()
    expect(run.digest()).not.toBe(before)
  })

  test('does not notice who watches it, or that a stream of no concern is drawn from', () => {
    const silent = gossipWorld({ seed: 4 })
    const watched = gossipWorld({ seed: 4 })
    watched.trace.subscribe(() => {}, { messages: true })
    for (let i = 0; i < 10; i++) watched.random('of no concern').intBelow(10, 'x')
    silent.random('of no concern')
    silent.run(500_000)
    watched.run(500_000)
    const feed = (world: World): string => {
      const digest = new Digest()
      for (const machine of world.machines) machine.digest(digest)
      world.network.digest(digest)
      return digest.hex()
    }
    expect(feed(watched)).toBe(feed(silent))
    expect(watched.steps).toBe(silent.steps)
  })

  test('keeps its messages’ times when a machine joins that only talks to itself', () => {
    const times = (extra: boolean): string[] => {
      const world = gossipWorld({ seed: 5 })
      if (extra) {
        world.addMachine('loner').boot(
          script((host) => {
            const tick = (): void => {
              host.random('gossip').intBelow(10, 'x')
              host.setTimer(777, 'tick', tick)
            }
            tick()
          }),
        )
      }
      const lines: string[] = []
      world.trace.subscribe(({ atUs, machine, event }) => {
        if (machine !== 'loner') lines.push(`${atUs} ${machine} ${JSON.stringify(event)}`)
      })
      world.run(500_000)
      return lines
    }
    expect(times(true).filter((entry) => !entry.includes('loner'))).toEqual(times(false))
  })

  test('explores the order of equal times, and still keeps each connection in order', () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 40; seed++) {
      const world = new World({ seed, network: { latencyUs: { low: 10, high: 10 } }, exploreSchedule: true })
      const heard: string[] = []
      world.addMachine('server').boot(
        script((host) => {
          host.listen(PORT, () => ({
            received: (message) => heard.push((message as { text: string }).text),
            closed: () => {},
          }))
        }),
      )
      for (const name of ['p', 'q']) {
        world.addMachine(name).boot(
          script((host) => {
            const handler = { received: () => {}, closed: () => {} }
            const connection = host.connect({ machine: 'server', port: PORT }, handler, 1000)
            for (const i of [1, 2]) connection.send({ text: `${name}${i}` }, 1)
          }),
        )
      }
      world.schedule(0, 'first', () => expect(world.steps).toBe(1))
      world.run(1000)
      expect(heard.filter((entry) => entry[0] === 'p')).toEqual(['p1', 'p2'])
      expect(heard.filter((entry) => entry[0] === 'q')).toEqual(['q1', 'q2'])
      orders.add(heard.join(' '))
    }
    expect(orders.size).toBeGreaterThan(3)
  })
})

describe('the trace', () => {
  test('says for each record its step and the step that caused it', () => {
    const world = gossipWorld({ seed: 6 })
    let last = -1
    let lastSeq = -1
    const times = new Map<number, number>()
    world.trace.subscribe(
      (record) => {
        expect(record.seq).toBe(lastSeq + 1)
        lastSeq = record.seq
        expect(record.atUs).toBeGreaterThanOrEqual(last)
        last = record.atUs
        expect(record.cause).toBeLessThan(record.step)
        if (record.event.kind === 'MessageSent') times.set(record.step, record.atUs)
        if (record.event.kind === 'MessageReceived') expect(times.has(record.cause)).toBe(true)
      },
      { messages: true },
    )
    world.run(500_000)
    expect(lastSeq).toBeGreaterThan(100)
  })

  test('numbers records alike for those who want messages and those who do not', () => {
    const world = gossipWorld({ seed: 7 })
    const all: string[] = []
    const some: string[] = []
    world.trace.subscribe((record) => all.push(line(record)), { messages: true })
    const stop = world.trace.subscribe((record) => some.push(line(record)))
    world.run(200_000)
    expect(all.filter((entry) => !entry.includes('Message'))).toEqual(some)
    stop()
    const count = some.length
    world.run(300_000)
    expect(some.length).toBe(count)
    expect(world.trace.active).toBe(true)
  })

  test('is off without subscribers', () => {
    const world = gossipWorld({ seed: 8 })
    const stop = world.trace.subscribe(() => {})
    stop()
    expect([world.trace.active, world.trace.messages]).toEqual([false, false])
    expect(world.machine('b1').life!.tracing).toBe(false)
  })
})
