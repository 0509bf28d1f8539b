import { describe, expect, it } from 'vitest'
import { registerBroker } from '../../../src/broker/broker-registration.ts'
import { runTask } from '../../../src/host/index.ts'
import { zkPaths } from '../../../src/protocol/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { FakeHost, FakeNetwork } from '../controller/fake-hosts.ts'
import { FakeZooKeeper } from '../controller/fake-zookeeper.ts'

const path = zkPaths.brokerId(1)

/** A broker registers itself where a node is that `owner` made in an older session, which goes after `goesAfterMs`. */
const registerWhere = (release: PresetName, owner: 'itself' | 'another process', goesAfterMs: number) => {
  const network = new FakeNetwork()
  const { clock } = network
  const zooKeeper = new FakeZooKeeper(clock)
  const host = new FakeHost(network, 'b1')
  zooKeeper.put(zkPaths.brokerIds)
  zooKeeper.create(path, '{"jmx_port":-1,"timestamp":"1","host":"b1","version":1,"port":9092}', 'ephemeral', 'old')
  clock.schedule(goesAfterMs * 1000, () => zooKeeper.endSession('old'))
  const zk = zooKeeper.client('new').asZkClient()
  let outcome: unknown
  runTask(
    registerBroker(
      host,
      zk,
      { id: 1, host: 'b1', port: 9092 },
      6000,
      presets[release],
      owner === 'itself' ? 'old' : null,
    ),
    (result) => {
      outcome = typeof result === 'string' ? result : 'registered'
    },
  )
  clock.run(1_000_000)
  const soon = outcome
  clock.run(60_000_000)
  return { soon, outcome, holder: zooKeeper.stat(path)?.ephemeralOwner, traced: host.traced.map(({ kind }) => kind) }
}

describe('a broker that finds its node of an older session', () => {
  it('waits for it to go, in 0.8.2', () => {
    const { soon, outcome, traced } = registerWhere('0.8.2', 'another process', 4000)
    expect(soon).toBeUndefined()
    expect(outcome).toBe('registered')
    expect(traced).toEqual(['BrokerRegistered'])
  })

  it('takes the id for taken from 0.9 on, even if the node is about to go', () => {
    for (const owner of ['itself', 'another process'] as const) {
      const { soon, holder, traced } = registerWhere('2.1', owner, 4000)
      expect(soon).toBe('id-taken')
      expect(holder).toBeUndefined()
      expect(traced).toEqual(['BrokerNotRegistered'])
    }
  })

  it('replaces it from 2.2 on (KAFKA-7165) if this very process made it, and only then', () => {
    expect(registerWhere('2.4', 'itself', 4000)).toMatchObject({ soon: 'registered', holder: 'new#1' })
    expect(registerWhere('2.4', 'another process', 4000)).toMatchObject({ soon: 'id-taken', holder: undefined })
  })
})

describe('a broker that is told of a session in which it is registered already', () => {
  const registerAgain = (release: PresetName, inNewSession: boolean) => {
    const network = new FakeNetwork()
    const zooKeeper = new FakeZooKeeper(network.clock)
    const host = new FakeHost(network, 'b1')
    zooKeeper.put(zkPaths.brokerIds)
    const zk = zooKeeper.client('new').asZkClient()
    zooKeeper.create(
      path,
      '{"jmx_port":-1,"timestamp":"1","host":"b1","version":1,"port":9092}',
      'ephemeral',
      zk.sessionId!,
    )
    let done = false
    const endpoint = { id: 1, host: 'b1', port: 9092 }
    runTask(registerBroker(host, zk, endpoint, 6000, presets[release], zk.sessionId, inNewSession), () => {
      done = true
    })
    network.clock.run(60_000_000)
    return { done, traced: host.traced.map(({ kind }) => kind) }
  }

  it('waits for its own node for ever, in 0.8.2 (KAFKA-1387), which is traced once where it holds up all events', () => {
    expect(registerAgain('0.8.2', true)).toEqual({ done: false, traced: ['BrokerAwaitsItself'] })
    expect(registerAgain('0.8.2', false)).toEqual({ done: false, traced: [] })
  })

  it('finds itself registered, from 0.9 on', () => {
    expect(registerAgain('0.9', true)).toEqual({ done: true, traced: ['BrokerRegistered'] })
  })
})
