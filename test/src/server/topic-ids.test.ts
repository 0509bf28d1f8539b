/** Ids of topics (KIP-516): in ZooKeeper, with the controller, and in the directories of partitions. */
import { describe, expect, test } from 'vitest'
import { fromUtf8, readFile, utf8 } from '../../../src/host/index.ts'
import { ErrorCode, zkPaths } from '../../../src/protocol/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { ClusterHarness } from '../broker/cluster-harness.ts'

const FILE = 'orders-0/partition.metadata'
const BROKERS = ['b1', 'b2', 'b3']
const diskOf = (harness: ClusterHarness, broker: string) => harness.world.machine(broker).disk
const fileOf = (harness: ClusterHarness, broker: string): string | undefined =>
  diskOf(harness, broker).status(FILE) && fromUtf8(readFile(diskOf(harness, broker), FILE))
const nodeOf = (harness: ClusterHarness) => JSON.parse(harness.znodes.get(zkPaths.topic('orders'))!.data)

/** Stops b3, replaces its file, starts it again. */
function withOther(protocol: PresetName, text: string): ClusterHarness {
  const harness = ClusterHarness.ready({ plan: { protocol } })
  harness.world.machine('b3').shutdown()
  harness.event('ProcessEnded', (_, machine) => machine === 'b3')
  const file = diskOf(harness, 'b3').open(FILE, { create: true })
  file.truncate(0)
  file.write(0, utf8(text))
  file.close()
  harness.world.machine('b3').restart()
  return harness
}

describe('the id of a topic', () => {
  test.each(Object.keys(presets) as PresetName[])('in %s is where that release keeps it', (protocol) => {
    const harness = ClusterHarness.ready({ plan: { protocol } })
    const names = Object.keys(presets)
    if (names.indexOf(protocol) < names.indexOf('2.8')) {
      expect(nodeOf(harness)).toEqual({ version: 1, partitions: { 0: [1, 2, 3] } })
      for (const broker of BROKERS) expect(fileOf(harness, broker)).toBeUndefined()
      return
    }
    const { topic_id: id, ...node } = nodeOf(harness)
    expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/)
    const moves = { adding_replicas: {}, removing_replicas: {} }
    expect(node).toEqual({ version: 3, partitions: { 0: [1, 2, 3] }, ...moves })
    for (const broker of BROKERS) expect(fileOf(harness, broker)).toBe(`version: 0\ntopic_id: ${id}`)
  })

  test('stays when a broker starts anew', () => {
    const harness = ClusterHarness.ready({ plan: { protocol: '3.3' } })
    const before = fileOf(harness, 'b3')
    harness.world.machine('b3').shutdown()
    harness.event('ProcessEnded', (_, machine) => machine === 'b3')
    harness.world.machine('b3').restart()
    harness.event('BecameFollower', (_, machine) => machine === 'b3')
    expect(fileOf(harness, 'b3')).toBe(before)
  })

  test('that the log of another topic has makes a broker refuse the partition, with error 103', () => {
    const harness = withOther('2.8', 'version: 0\ntopic_id: kT-4W1YtRbuT0bqWd3oJsg')
    const refused = harness.event('LeaderAndIsrRefused', (_, machine) => machine === 'b3')
    expect(refused).toMatchObject({ tp: 'orders-0', errorCode: ErrorCode.InconsistentTopicId })
    harness.runFor(5000)
    expect(harness.stateOf()!.isr).toEqual([1, 2])
    expect(fileOf(harness, 'b3')).toContain('kT-4W1YtRbuT0bqWd3oJsg')
  })

  test.each(['', 'version: 1\ntopic_id: kT-4W1YtRbuT0bqWd3oJsg', `version: 0\ntopic_id: ${'A'.repeat(22)}`])(
    'that reads %j keeps a broker from starting',
    (text) => {
      const harness = withOther('2.8', text)
      const { reason } = harness.event('ProcessEnded', (_, machine) => machine === 'b3')
      expect(reason).toMatch(/^the logs cannot be loaded: orders-0\/partition\.metadata is corrupt/)
    },
  )

  test('is nothing to a broker before 2.8', () => {
    const harness = withOther('2.7', 'nonsense')
    harness.event('BecameFollower', (_, machine) => machine === 'b3')
    expect(fileOf(harness, 'b3')).toBe('nonsense')
  })
})
