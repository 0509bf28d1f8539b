import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FileHandle, type Host, InvariantError } from '../../../src/host/index.ts'
import { boot, makePair, makeWorld, say, script, text, traceLines } from './script.ts'

/** Boots `m` and gives its host. */
function bootHost(world = makeWorld(), clock: { offsetUs?: number; driftPpm?: number } = {}) {
  const machine = world.addMachine('m', { clock })
  let host!: Host
  machine.boot(
    script((own) => {
      host = own
    }),
  )
  world.step()
  return { world, machine, host }
}

describe('processes', () => {
  test('hear what happens at one time in the order in which it was asked for', () => {
    const world = makeWorld()
    const heard: string[] = []
    boot(world, 'm', (host) => {
      for (const name of ['a', 'b', 'c']) host.setTimer(100, name, () => heard.push(name))
      host.setTimer(50, 'first', () => heard.push('first'))
    })
    world.schedule(100, 'scheduled', () => heard.push('world'))
    world.run(100)
    expect(heard).toEqual(['first', 'world', 'a', 'b', 'c'])
    expect(world.now).toBe(100)
    expect(world.step()).toBe(false)
  })

  test('do not hear timers that they cancelled, also while those wait in the inbox', () => {
    const { world, machine, host } = bootHost()
    const heard: string[] = []
    const first = host.setTimer(10, 'first', () => heard.push('first'))
    const second = host.setTimer(10, 'second', () => heard.push('second'))
    host.setTimer(10, 'third', () => heard.push('third'))
    first.cancel()
    machine.pause()
    world.run(100)
    second.cancel()
    machine.resume()
    world.run(200)
    expect(heard).toEqual(['third'])
  })

  test('hear nothing of an earlier life: timers, connections and calls die with it', () => {
    const pair = makePair()
    const { world } = pair
    const heard: string[] = []
    let host!: Host
    world.run(10_000)
    const machine = world.machine('a')
    machine.boot(
      script((own) => {
        host = own
        own.setTimer(5000, 'x', () => heard.push(`timer of life ${host === own}`))
      }),
    )
    world.run(11_000)
    machine.pause()
    world.call('a', 'call', () => heard.push('call'))
    world.run(12_000)
    const old = host
    machine.crash('test')
    machine.restart()
    expect(old.setTimer(1, 'dead', () => heard.push('dead'))).toBeDefined()
    world.run(100_000)
    expect(heard).toEqual(['timer of life true'])
    expect(() => old.halt('again')).toThrow('again')
    expect(machine.state).toBe('running')
  })

  test('are asked to stop in order, or killed if they cannot be asked', () => {
    const world = makeWorld()
    const lines = traceLines(world)
    const polite = world.addMachine('polite')
    polite.boot((host) => ({
      start: () => {},
      digest: () => {},
      shutdown: () => {
        host.setTimer(1000, 'stopping', () => host.halt('done'))
      },
    }))
    boot(world, 'rude').shutdown()
    polite.shutdown()
    world.run(5000)
    expect([polite.state, polite.process]).toEqual(['stopped', undefined])
    const ends = lines
      .filter((entry) => entry.includes('ProcessEnded'))
      .map((entry) => entry.replace(/^.*? (?=\{)/, ''))
    expect(ends).toEqual([
      '{"kind":"ProcessEnded","how":"crash","reason":"shutdown"}',
      '{"kind":"ProcessEnded","how":"exit","reason":"done"}',
    ])
  })

  test('that halt do nothing more: the handler is left, and what was sent before still goes out', () => {
    const pair = makePair()
    pair.world.run(10_000)
    let reached = false
    pair.world.call('a', 'halt', () => {
      pair.connection().send(text('before'), 1)
      const host = pair.world.machine('a').life!
      host.charge(700)
      pair.connection().send(text('after work'), 1)
      host.halt('test')
      reached = true
    })
    pair.world.run(50_000)
    expect(reached).toBe(false)
    expect(pair.servers[0]!.heard).toEqual(['before', 'after work', 'peer-closed'])
    expect(pair.world.machine('a').state).toBe('stopped')
  })

  test('may halt while they are built', () => {
    const world = makeWorld()
    const machine = world.addMachine('m')
    machine.boot((host) => host.halt('no configuration'))
    world.run(1000)
    expect([machine.state, machine.process]).toEqual(['stopped', undefined])
  })

  test('that throw anything but a halt end the run with it', () => {
    const world = makeWorld()
    boot(world, 'm', () => {
      throw new InvariantError('broken')
    })
    expect(() => world.run(1000)).toThrow('broken')
  })

  test('finish their handler before a fault from within it strikes', () => {
    const { world, machine, host } = bootHost()
    let reached = ''
    host.setTimer(10, 'x', () => {
      machine.crash('from within')
      reached = machine.state
      host.setTimer(1, 'never', () => {
        reached = 'never'
      })
    })
    world.run(1000)
    expect([reached, machine.state]).toEqual(['running', 'stopped'])
  })
})

describe('a pause', () => {
  test('delays timers and messages, keeps their order, and keeps sockets open', () => {
    const pair = makePair()
    const { world } = pair
    world.run(10_000)
    const machine = world.machine('b')
    const order = pair.servers[0]!.heard
    world.call('b', 'timers', () => {
      machine.life!.setTimer(2000, 'early', () => order.push('early'))
      machine.life!.setTimer(8000, 'late', () => order.push('late'))
    })
    world.run(10_000)
    machine.pause()
    world.run(14_000)
    say(pair, 'one')
    world.run(50_000)
    expect(order).toEqual([])
    machine.resume()
    world.run(50_000)
    expect(order).toEqual(['early', 'one', 'late'])
    expect(pair.servers[0]!.connection!.isOpen).toBe(true)
  })

  test('is followed by what waited, before anything that comes at that moment', () => {
    const { world, machine, host } = bootHost()
    const order: string[] = []
    for (const name of ['first', 'second']) host.setTimer(100, name, () => order.push(name))
    world.schedule(50, 'pause', () => machine.pause())
    world.schedule(500, 'resume', () => machine.resume())
    host.setTimer(500, 'at the moment', () => order.push('at the moment'))
    world.run(1000)
    expect(order).toEqual(['first', 'second', 'at the moment'])
  })

  test('does not delay the handshake, which is the operating system’s, but the accept', () => {
    const pair = makePair()
    const { world } = pair
    world.step()
    world.machine('b').pause()
    world.run(10_000)
    expect(pair.client.heard).toEqual(['opened'])
    expect(pair.servers.length).toBe(0)
    world.machine('b').resume()
    world.run(20_000)
    expect(pair.servers.length).toBe(1)
  })

  test('stops work that is under way, with what was to be sent after it', () => {
    const pair = makePair()
    const { world } = pair
    world.run(10_000)
    const machine = world.machine('a')
    world.call('a', 'work', () => {
      machine.life!.charge(5000)
      pair.connection().send(text('result'), 1)
    })
    world.run(12_000)
    machine.pause()
    let nextAt = -1
    world.call('a', 'next', () => {
      nextAt = world.now
    })
    world.run(100_000)
    expect(pair.servers[0]!.heard).toEqual([])
    machine.resume()
    world.run(200_000)
    expect(nextAt).toBe(103_000)
    expect(pair.servers[0]).toMatchObject({ heard: ['result'], at: [104_000] })
  })
})

describe('work that is charged', () => {
  test('delays what is sent after it, the next event, and the clock as the handler sees it', () => {
    const pair = makePair()
    const { world } = pair
    world.run(10_000)
    const seen: number[] = []
    world.call('a', 'work', () => {
      const host = world.machine('a').life!
      pair.connection().send(text('first'), 1)
      host.charge(3000)
      seen.push(host.now())
      host.setTimer(500, 'after work', () => seen.push(world.now))
      pair.connection().send(text('second'), 1)
    })
    world.call('a', 'next', () => seen.push(world.now))
    world.run(50_000)
    expect(seen).toEqual([13_000, 13_000, 13_500])
    expect(pair.servers[0]!.at).toEqual([11_000, 14_000])
  })

  test('is lost when the process crashes meanwhile, with what was to be sent', () => {
    const pair = makePair()
    const { world } = pair
    world.run(10_000)
    world.call('a', 'work', () => {
      world.machine('a').life!.charge(3000)
      pair.connection().send(text('never'), 1)
    })
    world.run(11_000)
    world.machine('a').crash()
    world.run(50_000)
    expect(pair.servers[0]!.heard).toEqual(['peer-closed'])
  })

  test('by somebody outside of the process takes no time', () => {
    const { world, machine } = bootHost()
    machine.disk.slowDown(1_000_000)
    machine.disk.open('f', { create: true }).write(0, new Uint8Array(1))
    let at = -1
    world.call('m', 'x', () => {
      at = world.now
    })
    world.run(10)
    expect(at).toBe(0)
  })
})

describe('a machine’s clock', () => {
  test('is skewed, drifts and jumps; it counts on through pauses and without power', () => {
    const { world, machine, host } = bootHost(makeWorld(), { offsetUs: 500, driftPpm: 1000 })
    world.run(1_000_000)
    expect(host.now()).toBe(1_001_500)
    machine.setClock({ jumpUs: -2_000_000 })
    expect(host.now()).toBe(-998_500)
    machine.setClock({ jumpUs: 2_000_000, driftPpm: 0 })
    machine.powerOff()
    world.run(2_000_000)
    machine.restart()
    expect(machine.life!.now()).toBe(2_001_500)
  })

  test('never lets a timer fire early by its own ticks, whatever its rate was set to meanwhile, nor late by more', () => {
    const rate = fc.integer({ min: -500_000, max: 500_000 })
    fc.assert(
      fc.property(rate, rate, fc.nat(1_000_000), fc.nat(1_000_000), (driftPpm, later, delayUs, changeAt) => {
        const { world, machine, host } = bootHost(makeWorld(), { driftPpm })
        const before = host.now()
        let after = -1
        host.setTimer(delayUs, 'x', () => {
          after = host.now()
        })
        world.schedule(changeAt, 'change', () => machine.setClock({ driftPpm: later }))
        world.run(10_000_000)
        expect(after - before).toBeGreaterThanOrEqual(delayUs)
        // One microsecond of true time is at most two ticks here.
        expect(after - before).toBeLessThanOrEqual(delayUs + 2)
      }),
    )
  })

  test('moves timers with its rate, not with its jumps', () => {
    const { world, machine, host } = bootHost()
    const fired: number[] = []
    host.setTimer(1000, 'x', () => fired.push(world.now))
    machine.setClock({ jumpUs: 1_000_000 })
    world.run(500)
    machine.setClock({ driftPpm: 250_000 })
    world.run(5000)
    expect(fired).toEqual([900])
  })
})

describe('files', () => {
  test('stay in the page cache when a process crashes, and its handles die', () => {
    const { world, machine, host } = bootHost()
    let handle!: FileHandle
    world.call('m', 'write', () => {
      handle = host.files.open('f', { create: true })
      handle.write(0, new Uint8Array([1, 2, 3]))
    })
    world.run(10)
    machine.crash()
    machine.restart()
    expect(() => handle.size()).toThrow(InvariantError)
    expect(() => handle.close()).not.toThrow()
    expect(machine.disk.status('f')?.size).toBe(3)
  })

  test('take time: a sync delays what the process hears next', () => {
    const { world, host } = bootHost()
    const seen: number[] = []
    world.call('m', 'sync', () => {
      const handle = host.files.open('f', { create: true })
      handle.write(0, new Uint8Array(1))
      handle.sync()
      handle.sync()
    })
    world.call('m', 'next', () => seen.push(world.now))
    world.run(10_000)
    expect(seen).toEqual([500])
  })
})
