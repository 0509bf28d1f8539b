// What a new follower does with a log that is not its leader's, release by release (F11; KIP-101, KIP-279, KIP-320).
import { describe, expect, test } from 'vitest'
import { readFile } from '../../../src/host/index.ts'
import { readLeaderEpochs } from '../../../src/storage/index.ts'
import type { PresetName } from '../../../src/versions.ts'
import { ClusterHarness, ErrorCode, partitionState, TP } from './cluster-harness.ts'

/** A cluster without topics, in which the test plays the controller. */
function bare(protocol: PresetName): ClusterHarness {
  const harness = new ClusterHarness({ plan: { protocol, topics: [] } })
  harness.until('all brokers are registered', () => harness.seen('BrokerRegistered').length === 3)
  harness.runFor(1000)
  return harness
}

const becomes = (leader: number, leaderEpoch: number, isr = [1, 2, 3]) => ({
  partitionStates: [partitionState({ leader, leaderEpoch, isr })],
})

function led(protocol: PresetName, leader = 1, epoch = 1): ClusterHarness {
  const harness = bare(protocol)
  for (const broker of ['b1', 'b2', 'b3']) harness.leaderAndIsr(broker, becomes(leader, epoch))
  return harness
}

const epochs = (harness: ClusterHarness, broker: string): string =>
  readLeaderEpochs(harness.world.machine(broker).disk, `${TP}/leader-epoch-checkpoint`)
    .map(({ epoch, startOffset }) => `${epoch}@${startOffset}`)
    .join(' ')

/** Asks a leader as a follower would. */
const endOf = (harness: ClusterHarness, broker: string, leaderEpoch: number, currentLeaderEpoch?: number) => {
  const asked = { topic: 'orders', partition: 0, leaderEpoch }
  const answer = harness.answer(broker, {
    api: 'OffsetForLeaderEpoch',
    correlationId: 1,
    clientId: 'probe',
    replicaId: 2,
    partitions: [currentLeaderEpoch === undefined ? asked : { ...asked, currentLeaderEpoch }],
  })
  const { topic: _topic, partition: _partition, ...end } = answer.partitions[0]!
  return end
}

/** b2 and b3 have m1 and m2, b1 knows that m2 is committed, and they do not yet. */
function laggingHighWatermarks(protocol: PresetName): ClusterHarness {
  const harness = led(protocol)
  harness.produce('b1', ['m1'], -1)
  harness.until('all know of m1', () => ['b2', 'b3'].every((b) => harness.replica(b).hw === 1))
  harness.world.network.intercept(({ name, message }) => {
    const { response } = message as { response?: { partitions: Array<{ highWatermark: number }> } }
    return name === 'FetchResponse' && (response!.partitions[0]?.highWatermark ?? 0) > 1 ? 'hold' : 'pass'
  })
  expect(harness.produce('b1', ['m2'], -1)).toBe(ErrorCode.NoError)
  expect(harness.replica('b2')).toMatchObject({ leo: 2, hw: 1 })
  expect(harness.replica('b3')).toMatchObject({ leo: 2, hw: 1 })
  return harness
}

describe('a new follower', () => {
  test('cuts committed messages off down to its high watermark up to 0.10 (M07)', () => {
    const harness = laggingHighWatermarks('0.10.2')
    harness.world.machine('b1').crash()
    harness.world.network.stall('b3', 'b2')
    harness.leaderAndIsr('b3', becomes(2, 2, [2, 3]))
    expect(harness.replica('b3').leo).toBe(1)
  })

  test.each<PresetName>(['0.11', '1.1', '2.0', '2.1', '2.4', '2.8', '3.5', '4.1'])(
    'asks where its latest epoch ends in the log of the leader, and keeps what they share, in %s',
    (protocol) => {
      const harness = laggingHighWatermarks(protocol)
      harness.world.machine('b1').crash()
      harness.leaderAndIsr('b2', becomes(2, 2, [2, 3]))
      harness.leaderAndIsr('b3', becomes(2, 2, [2, 3]))
      harness.runFor(3000)
      expect(harness.seen('Truncated')).toEqual([])
      expect(harness.replica('b3').leo).toBe(2)
    },
  )

  test.each<PresetName>(['0.11', '1.1', '2.0', '2.1', '2.4', '2.8', '3.5', '4.1'])(
    'cuts off what its leader does not have, also below its high watermark, in %s',
    (protocol) => {
      const harness = led(protocol)
      harness.produce('b1', ['m1'], -1)
      harness.holdFetches('b1', 'b2', 'b3')
      harness.leaderAndIsr('b1', becomes(1, 2, [1]))
      harness.produce('b1', ['m2', 'm3'], -1)
      expect(harness.replica('b1')).toMatchObject({ leo: 3, hw: 3 })
      // An unclean election: b2 never had m2 and m3.
      harness.leaderAndIsr('b2', becomes(2, 3, [2]))
      harness.produce('b2', ['n2', 'n3', 'n4'], 1)
      harness.leaderAndIsr('b1', becomes(2, 3, [2]))
      harness.until('b1 has caught up', () => harness.replica('b1').leo === 4)
      expect(harness.seen('Truncated')).toMatchObject([{ machine: 'b1', from: 3, to: 1, reason: 'leader-epoch' }])
      harness.leaderAndIsr('b1', becomes(1, 4, [1]))
      expect(harness.values('b1')).toEqual(['m1', 'n2', 'n3', 'n4'])
    },
  )

  test('keeps what its leader never had where the leader says too large an end (M09), in 1.1; asks about the epoch before in 2.0', () => {
    const play = (protocol: PresetName): ClusterHarness => {
      const harness = led(protocol)
      harness.produce('b1', ['m1'], -1)
      const release = harness.holdFetches('b1', 'b2', 'b3')
      harness.produce('b1', ['m2'], 1)
      // b2 leads for a moment, b1 never hears of it, and leads again.
      harness.leaderAndIsr('b2', becomes(2, 2, [1, 2]))
      harness.produce('b2', ['x2'], 1)
      harness.leaderAndIsr('b1', becomes(1, 3, [1]))
      harness.produce('b1', ['m3'], 1)
      release()
      harness.leaderAndIsr('b2', becomes(1, 3, [1]))
      return harness
    }
    const before = play('1.1')
    expect(endOf(before, 'b1', 2)).toEqual({ errorCode: ErrorCode.NoError, leaderEpoch: -1, endOffset: 2 })
    const after = play('2.0')
    expect(endOf(after, 'b1', 2)).toEqual({ errorCode: ErrorCode.NoError, leaderEpoch: 1, endOffset: 2 })
    expect(endOf(after, 'b1', 1)).toEqual({ errorCode: ErrorCode.NoError, leaderEpoch: 1, endOffset: 2 })
    expect(epochs(after, 'b1')).toBe('1@0 3@2')
    for (const harness of [before, after]) {
      harness.until('b2 has fetched', () => harness.replica('b2').leo === 3)
      harness.leaderAndIsr('b2', becomes(2, 9, [2]))
    }
    expect(before.values('b2')).toEqual(['m1', 'x2', 'm3'])
    expect(after.values('b2')).toEqual(['m1', 'm2', 'm3'])
  })
})

describe('a leader', () => {
  test('notes its epoch with its first record up to 2.0, and when it is elected from 2.1 on (KAFKA-7415)', () => {
    const play = (protocol: PresetName): ClusterHarness => {
      const harness = led(protocol)
      harness.produce('b1', ['m1'], -1)
      harness.leaderAndIsr('b2', becomes(2, 5, [2]))
      return harness
    }
    const before = play('2.0')
    expect(epochs(before, 'b2')).toBe('1@0')
    // A follower that has records of epoch 3 would have to cut back to its high watermark.
    expect(endOf(before, 'b2', 3)).toEqual({ errorCode: ErrorCode.NoError, leaderEpoch: -1, endOffset: -1 })
    const after = play('2.1')
    expect(epochs(after, 'b2')).toBe('1@0 5@1')
    expect(endOf(after, 'b2', 3, 5)).toEqual({ errorCode: ErrorCode.NoError, leaderEpoch: 1, endOffset: 1 })
  })

  test('answers 74 to who knows an older epoch than it does, 75 to who knows a later one, 6 where it does not lead', () => {
    const harness = led('2.1', 1, 4)
    expect(endOf(harness, 'b1', 4, 3)).toMatchObject({ errorCode: ErrorCode.FencedLeaderEpoch })
    expect(endOf(harness, 'b1', 4, 5)).toMatchObject({ errorCode: ErrorCode.UnknownLeaderEpoch })
    expect(endOf(harness, 'b2', 4, 4)).toMatchObject({ errorCode: ErrorCode.NotLeaderForPartition })
  })
})

describe('a follower whose leader does not know its latest epoch', () => {
  test('cuts back to its high watermark, up to 2.0', () => {
    const harness = led('2.0')
    harness.produce('b1', ['m1'], -1)
    harness.until('b2 knows', () => harness.replica('b2').hw === 1)
    harness.holdFetches('b1', 'b2', 'b3')
    // b2 writes in epoch 2; then b3 leads in epoch 3 without a record of its own.
    harness.leaderAndIsr('b2', becomes(2, 2, [2, 3]))
    harness.produce('b2', ['x2'], 1)
    harness.leaderAndIsr('b3', becomes(3, 3, [2, 3]))
    harness.leaderAndIsr('b2', becomes(3, 3, [2, 3]))
    harness.event('Truncated', (e, machine) => machine === 'b2' && e.reason === 'high-watermark' && e.to === 1)
  })
})

describe('a fetch that names the epoch of the record before it (KIP-595)', () => {
  const fetch = (harness: ClusterHarness, fetchOffset: number, lastFetchedEpoch: number) =>
    harness.answer('b1', {
      api: 'Fetch',
      correlationId: 1,
      clientId: 'probe',
      replicaId: 3,
      maxWaitMs: 500,
      minBytes: 1,
      partitions: [
        { topic: 'orders', partition: 0, fetchOffset, maxBytes: 1000, currentLeaderEpoch: 5, lastFetchedEpoch },
      ],
    }).partitions[0]!

  test('is told at once where the logs part, and its position does not count', () => {
    const harness = led('3.5')
    harness.produce('b1', ['m1'], -1)
    harness.holdFetches('b1', 'b2', 'b3')
    harness.leaderAndIsr('b1', becomes(1, 5))
    harness.produce('b1', ['m2'], 1)
    const since = harness.records.length
    // Epoch 3 is not in the leader's log: the largest one below ends at 1.
    expect(fetch(harness, 2, 3)).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 1, endOffset: 1 } })
    // Epoch 1 is, but ends before.
    expect(fetch(harness, 2, 1)).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 1, endOffset: 1 } })
    expect(harness.seen('FollowerPosition', since)).toEqual([])
    const shared = fetch(harness, 1, 1)
    expect(shared.divergingEpoch).toBeUndefined()
    expect(shared.records.length).toBeGreaterThan(0)
    expect(fetch(harness, 2, 5).divergingEpoch).toBeUndefined()
    expect(harness.seen('FollowerPosition', since)).toMatchObject([{ follower: 3, logEndOffset: 2 }])
  })

  test('makes the follower cut its log before (M41) or after it has taken the high watermark over', () => {
    const play = (protocol: PresetName): string[] => {
      const harness = led(protocol)
      harness.produce('b1', ['m1'], -1)
      harness.until('b2 knows', () => harness.replica('b2').hw === 1)
      const release = harness.holdFetches('b1', 'b2', 'b3')
      // b2 leads alone for a moment; b1 goes on and commits m2 and m3 with b3.
      harness.leaderAndIsr('b2', becomes(2, 2))
      harness.produce('b2', ['x2', 'x3'], 1)
      harness.leaderAndIsr('b1', becomes(1, 3, [1]))
      harness.produce('b1', ['m2', 'm3'], 1)
      release()
      const since = harness.records.length
      harness.leaderAndIsr('b2', becomes(1, 3, [1]))
      harness.until('b2 has caught up', () => harness.replica('b2').leo === 3 && harness.replica('b2').hw === 3)
      return harness.records
        .slice(since)
        .filter(({ machine, event }) => machine === 'b2' && ['HighWatermark', 'Truncated'].includes(event.kind))
        .map(({ event }) => event.kind)
    }
    expect(play('3.3').slice(0, 2)).toEqual(['HighWatermark', 'Truncated'])
    expect(play('3.5').slice(0, 2)).toEqual(['Truncated', 'HighWatermark'])
  })
})

describe('a truncation to the very end of the log', () => {
  test('leaves the epochs that began there up to 2.6, and the follower asks again and again (M43)', () => {
    const play = (protocol: PresetName): ClusterHarness => {
      const harness = led(protocol)
      harness.produce('b1', ['m1'], -1)
      // b2 writes in epoch 2, b1 leads in epoch 3 and writes nothing; neither hears of the other.
      harness.leaderAndIsr('b2', becomes(2, 2, [2]))
      harness.produce('b2', ['x2'], 1)
      harness.leaderAndIsr('b1', becomes(1, 3, [1]))
      harness.leaderAndIsr('b2', becomes(2, 4, [2]))
      expect([epochs(harness, 'b1'), epochs(harness, 'b2')]).toEqual(['1@0 3@1', '1@0 2@1 4@2'])
      // The leader says that epoch 2 ends at 2; b1 does not have that one, and cuts back to where it ends: nothing to cut.
      let asked = 0
      harness.world.network.intercept(({ name }) => {
        if (name === 'OffsetForLeaderEpoch' && asked++ > 100) return 'hold'
        return 'pass'
      })
      harness.leaderAndIsr('b1', becomes(2, 4, [2]))
      harness.world.network.release('b1', 'b2')
      harness.runFor(3000)
      return harness
    }
    expect(play('2.4').replica('b1').leo).toBe(1)
    expect(play('2.7').replica('b1').leo).toBe(2)
  })
})

describe('message formats', () => {
  test.each<[PresetName, number]>([
    ['0.8.2', 0],
    ['0.9', 0],
    ['0.10.2', 1],
    ['0.11', 2],
    ['2.4', 2],
  ])(
    'of %s: format %i in the log of leader and follower, whatever the producer sent, byte for byte the same',
    (protocol, magic) => {
      const harness = led(protocol)
      harness.produce('b1', ['m1', 'm2'], -1)
      const bytes = (broker: string): Uint8Array =>
        readFile(harness.world.machine(broker).disk, `${TP}/00000000000000000000.log`)
      expect(bytes('b1')[16]).toBe(magic)
      expect(bytes('b2')).toEqual(bytes('b1'))
      expect(harness.values('b1')).toEqual(['m1', 'm2'])
    },
  )
})
