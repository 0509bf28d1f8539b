/** `meta.properties` and `/cluster/id`, by release. */
import { describe, expect, test } from 'vitest'
import { fromUtf8, readFile, utf8 } from '../../../src/host/index.ts'
import { zkPaths } from '../../../src/protocol/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { ClusterHarness } from '../broker/cluster-harness.ts'

const FILE = 'meta.properties'
const BROKERS = ['b1', 'b2', 'b3']
const ready = (protocol: PresetName) => ClusterHarness.ready({ plan: { protocol } })
const diskOf = (harness: ClusterHarness, broker: string) => harness.world.machine(broker).disk
const metadataOf = (harness: ClusterHarness, broker: string): string | undefined =>
  diskOf(harness, broker).status(FILE) && fromUtf8(readFile(diskOf(harness, broker), FILE))
const clusterIdOf = (harness: ClusterHarness): string | undefined => {
  const node = harness.znodes.get(zkPaths.clusterId)
  return node && (JSON.parse(node.data) as { id: string }).id
}

function write(harness: ClusterHarness, broker: string, text: string): void {
  const file = diskOf(harness, broker).open(FILE, { create: true })
  file.truncate(0)
  file.write(0, utf8(text))
  file.close()
}

function stop(harness: ClusterHarness, broker: string): void {
  harness.world.machine(broker).shutdown()
  harness.event('ProcessEnded', (_, machine) => machine === broker)
}

/** Why the broker ended that was started on another file. */
function endOf(protocol: PresetName, text: string): string {
  const harness = ready(protocol)
  stop(harness, 'b3')
  write(harness, 'b3', text)
  harness.world.machine('b3').restart()
  return harness.event('ProcessEnded', (_, machine) => machine === 'b3').reason ?? ''
}

describe('meta.properties', () => {
  test.each(Object.keys(presets) as PresetName[])('of %s says what that release says', (protocol) => {
    const harness = ready(protocol)
    const clusterId = clusterIdOf(harness)
    const names = Object.keys(presets)
    const since = (name: PresetName) => names.indexOf(protocol) >= names.indexOf(name)
    if (since('0.10.2')) expect(clusterId).toMatch(/^[A-Za-z0-9_-]{22}$/)
    else expect(clusterId).toBeUndefined()
    for (const [i, broker] of BROKERS.entries()) {
      const cluster = since('2.4') ? `cluster.id=${clusterId}\n` : ''
      const text = since('0.9') ? `${cluster}version=0\nbroker.id=${i + 1}\n` : undefined
      expect(metadataOf(harness, broker)).toBe(text)
      expect(diskOf(harness, broker).list('')).not.toContain(`${FILE}.tmp`)
    }
  })

  test('is left alone from 0.9 to 2.3, and written anew at each start from 2.4 on', () => {
    for (const [protocol, stays] of [
      ['1.1', true],
      ['2.4', false],
    ] as const) {
      const harness = ready(protocol)
      const first = metadataOf(harness, 'b3')!
      stop(harness, 'b3')
      write(harness, 'b3', `# by hand\n${first}`)
      harness.world.machine('b3').restart()
      harness.event('BrokerRegistered', (_, machine) => machine === 'b3')
      harness.runFor(100)
      expect(metadataOf(harness, 'b3')).toBe(stays ? `# by hand\n${first}` : first)
    }
  })

  test.each(['0.9', '1.1', '3.3'] as const)('of another broker keeps one of %s from starting', (protocol) => {
    expect(endOf(protocol, 'version=0\nbroker.id=1\n')).toBe('broker 3 in the directory of broker 1')
  })

  test('of another cluster keeps a broker from starting since 2.4', () => {
    const text = 'cluster.id=AAAAAAAAQACAAAAAAAAAAA\nbroker.id=3\nversion=0\n'
    expect(endOf('2.4', text)).toMatch(/^the cluster is \S{22}, the broker's directory belongs to cluster AAAAAAAAQ/)
    const older = ready('2.1')
    stop(older, 'b3')
    write(older, 'b3', text)
    older.world.machine('b3').restart()
    older.event('BrokerRegistered', (_, machine) => machine === 'b3')
  })

  test.each(['version=1\nbroker.id=3\n', 'broker.id=3\n', 'version=0\n', 'version=0\nbroker.id=x\n', ''])(
    'that reads %j keeps a broker from starting',
    (text) => {
      expect(endOf('0.10.2', text)).toMatch(/^meta\.properties cannot be read: .*(version|broker\.id) '/)
    },
  )

  test('is nothing to a broker of 0.8', () => {
    const harness = ready('0.8.2')
    stop(harness, 'b3')
    write(harness, 'b3', 'nonsense')
    harness.world.machine('b3').restart()
    harness.event('BrokerRegistered', (_, machine) => machine === 'b3')
    expect(metadataOf(harness, 'b3')).toBe('nonsense')
  })
})

describe('the id of a cluster', () => {
  test('outlives all of its brokers, and differs from seed to seed', () => {
    const harness = ready('2.4')
    const id = clusterIdOf(harness)
    for (const broker of BROKERS) stop(harness, broker)
    for (const broker of BROKERS) harness.world.machine(broker).restart()
    harness.untilReady()
    expect(clusterIdOf(harness)).toBe(id)
    expect(clusterIdOf(ClusterHarness.ready({ plan: { protocol: '2.4' }, seed: 2 }))).not.toBe(id)
  })
})
