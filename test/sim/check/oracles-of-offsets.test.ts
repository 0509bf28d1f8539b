// Oracles of what groups commit and read: offsets that are found again and go forward, order, broadcast, and the end.
import { describe, expect, it } from 'vitest'
import { groupRestOracleNames, oracleNames } from '../../../sim/check/index.ts'
import type { GroupConsumerPlan, OldConsumerPlan } from '../../../sim/scenario/plan.ts'
import { encodePartitionState, zkPaths } from '../../../src/protocol/index.ts'
import type { PresetName } from '../../../src/versions.ts'
import { plan, Story, TP } from './story.ts'

const OFFSETS = '__consumer_offsets-0'
const KEY = `billing ${TP}`
const processing = { eachUs: 0, commits: 'after', withoutWaiting: false, handsOver: false } as const

const member = (name: string, group = 'billing'): GroupConsumerPlan => ({
  kind: 'group-consumer',
  name,
  group,
  subscribes: { topics: ['orders'] },
  config: {},
  bootstrap: [],
  processing,
  pollUs: 1000,
  autostart: true,
})

const oldMember = (name: string): OldConsumerPlan => ({
  kind: 'old-consumer',
  name,
  group: 'billing',
  config: {},
  servers: [],
  subscription: { topics: [{ topic: 'orders', streams: 1 }] },
  processing,
  autostart: true,
})

class OffsetsStory extends Story {
  private next = 0

  constructor(
    protocol: PresetName = '1.1',
    clients: readonly (GroupConsumerPlan | OldConsumerPlan)[] = [member('c1')],
  ) {
    super(plan({ protocol, clients }), [...oracleNames, ...groupRestOracleNames])
    this.begin()
    const data = encodePartitionState({ leader: 1, leaderEpoch: 0, isr: [1, 2], zkVersion: 0 }, 1)
    const path = zkPaths.partitionState('__consumer_offsets', 0)
    const changes = [{ op: 'create', path, data, ephemeralOwner: null }] as const
    this.on('zk1', { kind: 'ZkCommitted', zxid: 100, txn: 'create', session: 's', changes })
    this.coordinates('b1', 0)
  }

  coordinates(machine: string, highWatermark = 1): this {
    return this.on(machine, {
      kind: 'BecameLeader',
      tp: OFFSETS,
      leaderEpoch: 0,
      isr: [1, 2],
      zkVersion: 0,
      logEndOffset: this.next,
      highWatermark,
    })
  }

  loaded(machine: string, to: number): this {
    return this.on(machine, { kind: 'CoordinatorLoaded', tp: OFFSETS, to, offsets: 0, groups: 0 })
  }

  /** Into the log of a coordinator, and acknowledged. */
  commits(next: number, { client = 'c1', generation = 1, machine = 'b1' } = {}): this {
    const messages = [{ offset: this.next++, key: KEY, value: String(next) }]
    this.on(machine, {
      kind: 'Appended',
      tp: OFFSETS,
      role: 'leader',
      leaderEpoch: 0,
      messages,
      logEndOffset: this.next,
    })
    const offsets = { [TP]: next }
    const who = { group: 'billing', storage: 'kafka', client, generation, member: client } as const
    return this.on(machine, { kind: 'OffsetsCommitted', ...who, offsets })
  }

  told(next: number, machine = 'b1'): this {
    const offsets = { [TP]: next }
    return this.on(machine, { kind: 'OffsetsFetched', group: 'billing', storage: 'kafka', client: 'c1', offsets })
  }

  stands(client: string, offset: number, from: 'committed' | 'earliest' | 'latest' = 'committed'): this {
    return this.on(client, { kind: 'PositionSet', client, group: 'billing', tp: TP, offset, from })
  }

  assigned(client: string, partitions: readonly string[] = [TP]): this {
    const who = { client, group: 'billing', generation: 1, member: client }
    return this.on(client, { kind: 'PartitionsAssigned', ...who, partitions })
  }

  runs(client: string): this {
    return this.on(client, { kind: 'ProcessStarted', life: 1 })
  }
}

describe('I-OFFSET-DURABLE', () => {
  const of = (story: Story) => story.result('I-OFFSET-DURABLE')

  it('holds where the last acknowledged offset is told, or a later one that was not acknowledged yet', () => {
    expect(of(new OffsetsStory().loaded('b1', 0).commits(5).commits(7).told(7)).held).toBe(true)
    const later = new OffsetsStory()
      .loaded('b1', 0)
      .commits(5)
      .on('b1', {
        kind: 'Appended',
        tp: OFFSETS,
        role: 'leader',
        leaderEpoch: 0,
        messages: [{ offset: 1, key: KEY, value: '9' }],
        logEndOffset: 2,
      })
    expect(of(later.told(9)).held).toBe(true)
  })

  it('is broken, against its promise, by an older offset or none, from a coordinator that has read everything', () => {
    const older = of(new OffsetsStory().commits(5).commits(7).coordinates('b1').loaded('b1', 2).told(5))
    expect(older).toMatchObject({ held: false, promised: true })
    expect(older.violations[0]!.detail).toContain('said 5, although 7 had been acknowledged')
    expect(of(new OffsetsStory().commits(5).coordinates('b1').loaded('b1', 1).told(-1)).promised).toBe(true)
  })

  it('is broken by a coordinator that forgets what it has acknowledged itself, in whatever release', () => {
    expect(of(new OffsetsStory('0.8.2').commits(5).commits(7).told(5))).toMatchObject({ held: false, promised: true })
    expect(of(new OffsetsStory('0.9').commits(5).told(-1))).toMatchObject({ held: false, promised: true })
  })

  it('is M33 where the coordinator has read up to a lagging high watermark, before 0.11 and not after', () => {
    const story = (protocol: PresetName) =>
      new OffsetsStory(protocol).commits(5).commits(7).coordinates('b1').loaded('b1', 1).told(5)
    const before = of(story('0.10.2'))
    expect(before).toMatchObject({ held: false, promised: false })
    expect(before.violations[0]!.detail).toMatch(/^M33: /)
    expect(of(story('0.11'))).toMatchObject({ held: false, promised: true })
  })

  it('is M33 as well where nothing lies below that high watermark, so that nothing is read', () => {
    const story = (protocol: PresetName) => new OffsetsStory(protocol).commits(5).coordinates('b1', 0).told(-1)
    expect(of(story('0.9'))).toMatchObject({ held: false, promised: false })
    expect(of(story('0.11'))).toMatchObject({ held: false, promised: true })
  })

  it('is D32 where it has not begun to read, before 0.9 and not after', () => {
    const story = (protocol: PresetName) => new OffsetsStory(protocol).commits(5).coordinates('b1').told(-1)
    expect(of(story('0.8.2'))).toMatchObject({ held: false, promised: false })
    expect(of(story('0.9'))).toMatchObject({ held: false, promised: true })
  })

  it('is D33 where who answers leads the partition no more', () => {
    const result = of(new OffsetsStory().commits(5).commits(7).coordinates('b2').loaded('b2', 0).told(5, 'b2'))
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.violations[0]!.detail).toMatch(/^D33: /)
  })
})

describe('I-OFFSET-MONOTONE', () => {
  const of = (story: Story) => story.result('I-OFFSET-MONOTONE')

  it('is broken by a commit that goes back within a generation, and holds from one to the next', () => {
    expect(of(new OffsetsStory().commits(7).commits(5))).toMatchObject({ held: false, promised: true })
    expect(of(new OffsetsStory().commits(7).commits(5, { generation: 2 })).held).toBe(true)
  })

  it('is M32 where commits name no generation', () => {
    const committed = { kind: 'ConsumerCommitted', group: 'billing', storage: 'zookeeper', why: 'auto' } as const
    const story = new OffsetsStory('0.8.2', [oldMember('c1'), oldMember('c2')])
      .on('c1', { ...committed, client: 'c1', offsets: { [TP]: 7 } })
      .on('c2', { ...committed, client: 'c2', offsets: { [TP]: 5 } })
    const result = of(story)
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.violations[0]!.detail).toMatch(/^M32: c2 set .* back to 5/)
  })
})

describe('I-READ-ORDER', () => {
  const of = (story: Story) => story.result('I-READ-ORDER')

  it('is broken by a message behind a later one', () => {
    const story = new OffsetsStory()
      .stands('c1', 0)
      .read('c1', 0, 'm1', 3)
      .read('c1', 2, 'm3', 3)
      .read('c1', 1, 'm2', 3)
    expect(of(story)).toMatchObject({ held: false, promised: true, count: 1 })
  })

  it('holds where the member has gone back, and for who is no member', () => {
    const back = new OffsetsStory().stands('c1', 0).read('c1', 0, 'm1', 3).stands('c1', 0).read('c1', 0, 'm1', 3)
    expect(of(back).held).toBe(true)
    expect(of(new OffsetsStory().read('simple', 2, 'm3', 3).read('simple', 0, 'm1', 3)).held).toBe(true)
  })
})

describe('I-BROADCAST', () => {
  const of = (story: Story) => story.result('I-BROADCAST')
  const filled = (clients?: readonly GroupConsumerPlan[]): OffsetsStory =>
    new OffsetsStory('1.1', clients).commit('m1').commit('m2').commit('m3')

  it('is broken by a message in between that nobody of a group was given', () => {
    const story = filled().stands('c1', 0).read('c1', 0, 'm1', 3).read('c1', 2, 'm3', 3)
    expect(of(story)).toMatchObject({ held: false, promised: true, count: 1 })
  })

  it('holds where members share what each group is given, and before where the group began', () => {
    const story = filled([member('c1'), member('c2'), member('d1', 'audit')])
      .stands('c1', 0)
      .read('c1', 0, 'm1', 3)
      .stands('c2', 1)
      .read('c2', 1, 'm2', 3)
      .read('c2', 2, 'm3', 3)
      .stands('d1', 2)
      .read('d1', 2, 'm3', 3)
    expect(of(story).held).toBe(true)
  })

  it('is not promised to a group that had no offset and began at the end of the log', () => {
    const story = filled().stands('c1', 0).read('c1', 0, 'm1', 3).stands('c1', 2, 'latest').read('c1', 2, 'm3', 3)
    expect(of(story)).toMatchObject({ held: false, promised: false })
  })
})

describe('I-LIVE-CONSUME', () => {
  const of = (story: Story) => story.result('I-LIVE-CONSUME')
  const started = (): OffsetsStory => new OffsetsStory().commit('m1').runs('c1')

  it('is broken by a partition without an owner, and by an owner that has not read it to its end', () => {
    expect(of(started())).toMatchObject({ held: false, promised: true })
    expect(of(started().assigned('c1').stands('c1', 0))).toMatchObject({ held: false, promised: true })
  })

  it('holds where the owner has come to the end, and where nobody of the group lives', () => {
    expect(of(started().assigned('c1').stands('c1', 0).read('c1', 0, 'm1', 1)).held).toBe(true)
    expect(of(started().crash('c1')).held).toBe(true)
  })

  it('is M32 where a high-level consumer has given its rebalance up', () => {
    const failed = {
      kind: 'RebalanceFailed',
      client: 'c1',
      group: 'billing',
      attempt: 4,
      reason: 'x',
      final: true,
    } as const
    const result = of(new OffsetsStory('0.8.2', [oldMember('c1')]).commit('m1').runs('c1').on('c1', failed))
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.violations[0]!.detail).toMatch(/^M32: /)
  })
})
