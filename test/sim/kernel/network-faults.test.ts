import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Host } from '../../../src/host/index.ts'
import { boot, makePair, makeWorld, PORT, say, text, traceLines } from './script.ts'

describe('cuts and stalls', () => {
  test('hold bytes of one direction back and let them go in order', () => {
    for (const [begin, end] of [
      ['cut', 'heal'],
      ['stall', 'release'],
    ] as const) {
      const pair = makePair()
      const { network } = pair.world
      pair.world.run(10_000)
      network[begin]('a', 'b')
      say(pair, 'one', 'two')
      pair.world.call('b', 'send', () => pair.servers[0]!.connection!.send(text('back'), 1))
      pair.world.run(30_000)
      expect(pair.servers[0]!.heard).toEqual([])
      expect(pair.client.heard).toEqual(['opened', 'back'])
      say(pair, 'three')
      network[end]('a', 'b')
      pair.world.run(60_000)
      expect(pair.servers[0]!.heard).toEqual(['one', 'two', 'three'])
      expect(pair.servers[0]!.at).toEqual([31_000, 31_000, 31_000])
    }
  })

  test('catch bytes that are on their way', () => {
    const pair = makePair()
    pair.world.run(10_000)
    say(pair, 'late')
    pair.world.run(10_500)
    pair.world.network.cut('a', 'b')
    pair.world.run(50_000)
    expect(pair.servers[0]!.heard).toEqual([])
    pair.world.network.healAll()
    pair.world.run(60_000)
    expect(pair.servers[0]!.heard).toEqual(['late'])
  })

  test('let connecting time out in either direction, and the server never hears of it', () => {
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const pair = makePair({}, 50_000)
      pair.world.network.cut(from, to)
      pair.world.run(100_000)
      expect(pair.client).toMatchObject({ heard: ['timeout'], at: [50_000] })
      pair.world.network.heal(from, to)
      pair.world.run(200_000)
      expect(pair.servers).toEqual([])
      expect(pair.client.heard).toEqual(['timeout'])
    }
  })

  test('that end in time let a connection be opened late', () => {
    const pair = makePair({}, 50_000)
    pair.world.network.cut('a', 'b')
    pair.world.run(40_000)
    pair.world.network.heal('a', 'b')
    pair.world.run(100_000)
    expect(pair.client).toMatchObject({ heard: ['opened'], at: [42_000] })
  })

  test('count separately: a link that is cut and stalled needs both to end', () => {
    const pair = makePair()
    const { network } = pair.world
    pair.world.run(10_000)
    network.cut('a', 'b')
    network.stall('a', 'b')
    say(pair, 'x')
    pair.world.run(20_000)
    network.heal('a', 'b')
    pair.world.run(30_000)
    expect([network.isCut('a', 'b'), network.isStalled('a', 'b'), network.isStalled('b', 'a')]).toEqual([
      false,
      true,
      false,
    ])
    expect(pair.servers[0]!.heard).toEqual([])
    network.releaseAll()
    pair.world.run(40_000)
    expect(pair.servers[0]!.heard).toEqual(['x'])
  })

  test('are traced once each, however often they are asked for', () => {
    const pair = makePair()
    const lines = traceLines(pair.world)
    pair.world.run(10_000)
    const before = lines.length
    const { network } = pair.world
    for (let i = 0; i < 2; i++) network.cut('a', 'b')
    for (let i = 0; i < 2; i++) network.heal('a', 'b')
    network.releaseAll()
    const kinds = lines.slice(before).map((entry) => JSON.parse(entry.slice(entry.indexOf('{'))).kind)
    expect(kinds).toEqual(['LinkCut', 'LinkHealed'])
  })

  test('a reset ends all connections between two machines on both sides, and no others', () => {
    const pair = makePair()
    pair.world.run(10_000)
    pair.world.network.stall('a', 'b')
    say(pair, 'lost')
    pair.world.run(20_000)
    pair.world.network.reset('b', 'c')
    pair.world.run(30_000)
    expect(pair.client.heard).toEqual(['opened'])
    pair.world.network.reset('b', 'a')
    pair.world.network.release('a', 'b')
    pair.world.run(40_000)
    expect(pair.client.heard).toEqual(['opened', 'reset'])
    expect(pair.servers[0]!.heard).toEqual(['reset'])
  })

  test('latency can be set for one direction and put back', () => {
    const pair = makePair()
    pair.world.run(10_000)
    pair.world.network.setLatency('a', 'b', { low: 7000, high: 7000 })
    say(pair, 'slow')
    pair.world.run(20_000)
    pair.world.network.setLatency('a', 'b', undefined)
    say(pair, 'usual')
    pair.world.run(30_000)
    expect(pair.servers[0]!.at).toEqual([17_000, 21_000])
  })
})

type Fault = 'cut' | 'heal' | 'stall' | 'release' | 'pause' | 'resume' | 'crash' | 'powerOff' | 'restart' | 'reset'

describe('whatever happens', () => {
  const faults: readonly Fault[] = [
    'cut',
    'heal',
    'stall',
    'release',
    'pause',
    'resume',
    'crash',
    'powerOff',
    'restart',
    'reset',
  ]
  const step = fc.record({
    fault: fc.constantFrom('none' as const, 'none' as const, 'none' as const, ...faults),
    machine: fc.constantFrom('a', 'b'),
    gapUs: fc.nat(4000),
  })

  test('a side hears a prefix of what was sent, then at most one end; all of it if nothing died', () => {
    const ends: Record<string, number> = {}
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 25 }), (seed, steps) => {
        const pair = makePair({ seed, network: { latencyUs: { low: 10, high: 2000 } } })
        const { world } = pair
        world.run(20_000)
        let sent = 0
        let died = false
        for (const { fault, machine, gapUs } of steps) {
          if (world.machine('a').state === 'running' && pair.connection().isOpen) say(pair, String(sent++))
          const other = machine === 'a' ? 'b' : 'a'
          const here = world.machine(machine)
          if (fault === 'cut' || fault === 'heal' || fault === 'stall' || fault === 'release') {
            world.network[fault](machine, other)
          } else if (fault === 'reset') {
            world.network.reset(machine, other)
          } else if (fault === 'restart') {
            if (here.process === undefined) here.restart()
          } else if (fault !== 'none') {
            here[fault]()
          }
          died ||= fault === 'reset' || fault === 'crash' || fault === 'powerOff'
          world.run(world.now + gapUs)
        }
        world.network.healAll()
        world.network.releaseAll()
        for (const machine of world.machines) {
          if (machine.process === undefined) machine.restart()
          machine.resume()
        }
        world.run(world.now + 100_000)
        const { heard } = pair.servers[0]!
        const texts = heard.filter((entry) => /^\d+$/.test(entry))
        expect(texts).toEqual(Array.from({ length: texts.length }, (_, i) => String(i)))
        expect(heard.length - texts.length).toBeLessThanOrEqual(1)
        expect(heard.slice(0, texts.length)).toEqual(texts)
        if (!died) expect(texts.length).toBe(sent)
        const end = heard[texts.length] ?? 'none'
        ends[end] = (ends[end] ?? 0) + 1
      }),
      { numRuns: 500 },
    )
    expect(Object.keys(ends).sort()).toEqual(['none', 'peer-closed', 'reset'])
  })

  test('a connection that ended on both sides leaves nothing behind', () => {
    const world = makeWorld()
    boot(world, 'b', (host) =>
      host.listen(PORT, (connection) => ({ received: () => connection.close(), closed: () => {} })),
    )
    let host!: Host
    boot(world, 'a', (own) => {
      host = own
    })
    world.run(1000)
    const size = (): number => (world.network as unknown as { connections: Map<number, unknown> }).connections.size
    for (const disturb of [() => {}, () => world.network.reset('a', 'b'), () => world.machine('b').restart()]) {
      for (let i = 0; i < 20; i++) {
        world.call('a', 'connect', () => {
          const handler = { received: () => {}, closed: () => {} }
          host.connect({ machine: 'b', port: PORT }, handler, 1000 * i).send(text('x'), 1)
          host.connect({ machine: 'b', port: 1 }, handler, 5000)
          host.connect({ machine: 'b', port: PORT }, handler, 5000).close()
        })
        world.run(world.now + 700)
        if (i % 5 === 0) disturb()
      }
      world.run(world.now + 100_000)
      expect(size()).toBe(0)
    }
  })
})

describe('interceptors', () => {
  test('see each message with its name once, and pass it on', () => {
    const pair = makePair()
    const seen: unknown[] = []
    pair.world.network.describe = (message) => (message as { text: string }).text.toUpperCase()
    const stop = pair.world.network.intercept((delivery) => {
      seen.push({ ...delivery })
      return 'pass'
    })
    pair.world.run(10_000)
    say(pair, 'one')
    pair.world.run(20_000)
    stop()
    say(pair, 'two')
    pair.world.run(30_000)
    expect(seen).toEqual([
      { from: 'a', to: 'b', message: { text: 'one' }, name: 'ONE', connection: pair.connection().id },
    ])
    expect(pair.servers[0]!.heard).toEqual(['one', 'two'])
  })

  test('hold a message and all behind it, until released', () => {
    const pair = makePair()
    pair.world.network.intercept(({ message }) => ((message as { text: string }).text === 'two' ? 'hold' : 'pass'))
    pair.world.run(10_000)
    say(pair, 'one', 'two', 'three')
    pair.world.run(20_000)
    pair.world.network.heal('a', 'b')
    pair.world.run(30_000)
    expect(pair.servers[0]!.heard).toEqual(['one'])
    pair.world.network.release('a', 'b')
    pair.world.run(40_000)
    expect(pair.servers[0]!.heard).toEqual(['one', 'two', 'three'])
  })

  test('delay a message, and those behind it do not overtake', () => {
    const pair = makePair()
    pair.world.network.intercept(({ message }) =>
      (message as { text: string }).text === 'one' ? { delayUs: 5000 } : 'pass',
    )
    pair.world.run(10_000)
    say(pair, 'one', 'two')
    pair.world.run(30_000)
    expect(pair.servers[0]).toMatchObject({ heard: ['one', 'two'], at: [16_000, 16_000] })
  })

  test('drop a message by swallowing it and resetting its connection', () => {
    const pair = makePair()
    pair.world.network.intercept(({ message }) => ((message as { text: string }).text === 'two' ? 'drop' : 'pass'))
    pair.world.run(10_000)
    say(pair, 'one', 'two', 'three')
    pair.world.run(30_000)
    expect(pair.servers[0]!.heard).toEqual(['one', 'reset'])
    expect(pair.client.heard).toEqual(['opened', 'reset'])
  })

  test('may strike at the receiver while they decide', () => {
    for (const strike of ['crash', 'powerOff', 'pause'] as const) {
      const pair = makePair()
      pair.world.run(10_000)
      pair.world.network.intercept(() => {
        pair.world.machine('b')[strike]()
        return 'pass'
      })
      say(pair, 'one')
      pair.world.run(30_000)
      expect(pair.servers[0]!.heard).toEqual([])
    }
  })
})
