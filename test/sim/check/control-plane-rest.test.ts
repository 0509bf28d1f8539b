// Runs of the control-plane soak that found something: each ends calm now, or names what its release really does.
import { describe, expect, it } from 'vitest'
import { controlPlaneRun } from '../../../sim/fuzz/control-plane/index.ts'
import type { PresetName } from '../../../src/versions.ts'

const run = (seed: number, protocol: PresetName) => controlPlaneRun(seed, { protocol })

describe('where the control plane comes to rest', () => {
  it.each<[string, number, PresetName]>([
    ['a controller that resigned for a session it never acted in', 184, '2.4'],
    ['requests to a registration that had just failed', 108, '2.4'],
    ['a broker that left between two reads of the brokers', 661, '0.10.2'],
    ['an epoch that could not be raised because the session expired', 217, '2.0'],
    ['a needless preferred election of an offline partition', 2201, '1.1'],
    ['an ISR change that its controller could not write for its session had expired', 746, '3.7'],
    ['a preferred election of a partition that is not there any more', 4739, '2.8'],
    ['a registration of an older session that outlives it', 4401, '4.1'],
  ])('is calm after %s (seed %i)', (_what, seed, protocol) => {
    const { broken, bug, stuck } = run(seed, protocol)
    expect({ broken, bug, stuck }).toEqual({ broken: [], bug: undefined, stuck: undefined })
  })

  it.each<[string, string, number, PresetName]>([
    ['D7', 'a partition without a leader cannot be deleted', 58, '0.8.2'],
    ['D5', 'a preferred election of it stops every controller', 343, '0.8.0'],
    ['M23', 'a deposed controller deletes a topic', 325, '0.8.2'],
    ['M23', 'a controller takes away the leader that a deposed one elected', 12026, '0.9'],
    ['M23', 'a deposed controller tells a broker that has just started to lead', 1374, '0.8.2'],
    ['D28', 'a controller waits for its own registration to go', 18268, '0.8.0'],
    ['D15', 'a dead broker succeeds a leader that shuts down', 4602, '0.8.2'],
    ['D16', 'a controller refuses an ISR that it has written itself', 541, '4.1'],
    ['D21', 'a deletion that was put off completes', 1966, '2.1'],
    ['M23', 'a deposed controller ends a move, and its successor knows the old replicas only', 6006, '1.1'],
    ['D26', 'a write waits for an ISR change, and its topic is deleted and comes again', 11170, '0.11'],
    ['D23', 'a move completes while its new replica is not registered', 8539, '2.0'],
  ])('is explained by %s: %s (seed %i)', (id, _what, seed, protocol) => {
    const { broken, anomalies } = run(seed, protocol)
    expect(broken).toEqual([])
    expect(anomalies).toContain(id)
  })
})
