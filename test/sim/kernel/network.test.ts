import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Host } from '../../../src/host/index.ts'
import { boot, Ear, makePair, makeWorld, PORT, say, script, text } from './script.ts'

describe('connections', () => {
  test('stand after one round trip, and the server accepts half a round trip later', () => {
    const pair = makePair()
    pair.world.run(10_000)
    expect(pair.client).toMatchObject({ heard: ['opened'], at: [2000] })
    expect(pair.servers.length).toBe(1)
    expect(pair.servers[0]!.connection!.peer).toBe('a')
    expect(pair.connection().id).toBe(pair.servers[0]!.connection!.id)
  })

  test('deliver what was sent before they stood, after they do', () => {
    const pair = makePair()
    say(pair, 'early')
    pair.world.run(10_000)
    expect(pair.servers[0]).toMatchObject({ heard: ['early'], at: [3000] })
  })

  test('are refused where the machine is up and nobody listens', () => {
    const world = makeWorld()
    const ear = new Ear(world)
    boot(world, 'b')
    boot(world, 'a', (host) => {
      host.connect({ machine: 'b', port: PORT }, ear, 50_000)
    })
    world.run(100_000)
    expect(ear).toMatchObject({ heard: ['refused'], at: [2000] })
  })

  test('are refused by a machine whose process is dead, and time out at one without power', () => {
    const world = makeWorld()
    const ears = [new Ear(world), new Ear(world)]
    boot(world, 'stopped', (host) => host.listen(PORT, () => ears[0]!)).crash()
    world.addMachine('off')
    boot(world, 'a', (host) => {
      host.connect({ machine: 'stopped', port: PORT }, ears[0]!, 50_000)
      host.connect({ machine: 'off', port: PORT }, ears[1]!, 50_000)
    })
    world.run(100_000)
    expect(ears[0]!.heard).toEqual(['refused'])
    expect(ears[1]).toMatchObject({ heard: ['timeout'], at: [50_000] })
  })

  test('stay in order per direction however random the latency is', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.nat(3000), { minLength: 1, maxLength: 30 }), (seed, gaps) => {
        const pair = makePair({ seed, network: { latencyUs: { low: 1, high: 5000 }, bytesPerSecond: 1_000_000 } })
        pair.world.run(20_000)
        gaps.forEach((gap, i) => {
          say(pair, String(i))
          pair.world.run(pair.world.now + gap)
        })
        pair.world.run(pair.world.now + 100_000)
        expect(pair.servers[0]!.heard).toEqual(gaps.map((_, i) => String(i)))
      }),
      { numRuns: 50 },
    )
  })

  test('take the time that their bytes need, one message after another', () => {
    const pair = makePair({ network: { latencyUs: { low: 1000, high: 1000 }, bytesPerSecond: 100_000 } })
    pair.world.run(10_000)
    say(pair, 'one', 'two')
    pair.world.run(50_000)
    // 100 bytes at 100 kB/s are 1 ms each.
    expect(pair.servers[0]!.at).toEqual([12_000, 13_000])
  })

  test('end in order: what was sent before the close arrives, then the peer is told, once', () => {
    const pair = makePair()
    pair.world.run(10_000)
    say(pair, 'last')
    pair.world.call('a', 'close', () => pair.connection().close())
    pair.world.call('a', 'send after close', () => pair.connection().send(text('never'), 1))
    pair.world.run(50_000)
    expect(pair.servers[0]!.heard).toEqual(['last', 'peer-closed'])
    expect(pair.servers[0]!.connection!.isOpen).toBe(false)
    expect(pair.client.heard).toEqual(['opened'])
  })

  test('do not call a side again that closed, even if the peer had sent something', () => {
    const pair = makePair()
    pair.world.run(10_000)
    pair.world.call('b', 'send', () => pair.servers[0]!.connection!.send(text('crossing'), 1))
    pair.world.call('a', 'close', () => pair.connection().close())
    pair.world.run(50_000)
    expect(pair.client.heard).toEqual(['opened'])
    expect(pair.servers[0]!.heard).toEqual(['peer-closed'])
  })

  test('of a crashed process are closed by its operating system, behind what it had sent', () => {
    const pair = makePair()
    pair.world.run(10_000)
    pair.world.call('b', 'send', () => pair.servers[0]!.connection!.send(text('last words'), 1))
    pair.world.run(10_500)
    pair.world.machine('b').crash()
    pair.world.run(50_000)
    expect(pair.client.heard).toEqual(['opened', 'last words', 'peer-closed'])
  })

  test('of a process that crashed with unread messages are reset', () => {
    const pair = makePair()
    pair.world.run(10_000)
    pair.world.machine('b').pause()
    say(pair, 'unread')
    pair.world.run(20_000)
    pair.world.machine('b').crash()
    pair.world.run(50_000)
    expect(pair.client.heard).toEqual(['opened', 'reset'])
  })

  test('of a client that dies during the handshake never reach the server', () => {
    const pair = makePair()
    pair.world.run(1500)
    pair.world.machine('a').crash()
    pair.world.run(50_000)
    expect(pair.servers).toEqual([])
  })

  test('are half open after a power loss: silent until the survivor sends and the machine is back', () => {
    const pair = makePair()
    pair.world.run(10_000)
    pair.world.machine('b').powerOff()
    pair.world.run(1_000_000)
    say(pair, 'into the dark')
    pair.world.run(2_000_000)
    expect(pair.client.heard).toEqual(['opened'])
    expect(pair.connection().isOpen).toBe(true)
    pair.world.machine('b').restart()
    pair.world.run(2_010_000)
    expect(pair.client.heard).toEqual(['opened', 'reset'])
    expect(pair.client.at[1]).toBe(2_002_000)
    expect(pair.servers.length).toBe(1)
  })

  test('that are half open say nothing after the peer is back, as long as nobody sends', () => {
    const pair = makePair()
    pair.world.run(10_000)
    pair.world.machine('b').powerOff()
    pair.world.machine('b').restart()
    pair.world.run(1_000_000)
    expect(pair.client.heard).toEqual(['opened'])
    pair.world.network.stall('b', 'a')
    say(pair, 'anybody?')
    pair.world.run(1_010_000)
    expect(pair.client.heard).toEqual(['opened'])
    pair.world.network.release('b', 'a')
    pair.world.run(1_020_000)
    expect(pair.client.heard).toEqual(['opened', 'reset'])
  })

  test('lose with the power what waited to be sent, and not what was on its way', () => {
    const pair = makePair()
    pair.world.run(10_000)
    say(pair, 'on its way')
    pair.world.run(10_100)
    pair.world.machine('a').powerOff()
    pair.world.run(20_000)
    expect(pair.servers[0]!.heard).toEqual(['on its way'])

    const stalled = makePair()
    stalled.world.run(10_000)
    stalled.world.network.stall('a', 'b')
    say(stalled, 'waiting')
    stalled.world.run(20_000)
    stalled.world.machine('a').powerOff()
    stalled.world.network.release('a', 'b')
    stalled.world.run(50_000)
    expect(stalled.servers[0]!.heard).toEqual([])

    const caught = makePair()
    caught.world.run(10_000)
    say(caught, 'on its way', 'behind it')
    caught.world.run(10_100)
    caught.world.machine('a').powerOff()
    caught.world.network.stall('a', 'b')
    caught.world.run(20_000)
    caught.world.network.release('a', 'b')
    caught.world.run(50_000)
    expect(caught.servers[0]!.heard).toEqual([])
  })

  test('on one machine work too', () => {
    const world = makeWorld()
    const server = new Ear(world)
    const client = new Ear(world)
    boot(world, 'a', (host) => {
      host.listen(PORT, () => server)
      host.connect({ machine: 'a', port: PORT }, client, 1000).send(text('hello'), 1)
    })
    world.run(1000)
    expect(client.heard).toEqual(['opened'])
    expect(server).toMatchObject({ heard: ['hello'], at: [60] })
    world.machine('a').powerOff()
    world.run(2000)
    expect(client.heard).toEqual(['opened'])
  })

  test('after a restart belong to the new process only', () => {
    const pair = makePair()
    pair.world.run(10_000)
    pair.world.machine('b').restart()
    pair.world.run(20_000)
    expect(pair.client.heard).toEqual(['opened', 'peer-closed'])
    const again = new Ear(pair.world)
    let host: Host | undefined
    pair.world.machine('a').boot(
      script((own) => {
        host = own
      }),
    )
    pair.world.run(30_000)
    pair.world.call('a', 'connect', () => host!.connect({ machine: 'b', port: PORT }, again, 10_000))
    pair.world.run(40_000)
    expect(again.heard).toEqual(['opened'])
    expect(pair.servers.length).toBe(2)
  })
})
