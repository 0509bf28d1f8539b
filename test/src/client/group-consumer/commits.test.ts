import { describe, expect, test } from 'vitest'
import type { GroupConsumerPlan } from '../../../../sim/scenario/plan.ts'
import type { PresetName } from '../../../../src/versions.ts'
import type { ClusterHarness } from '../../broker/cluster-harness.ts'
import { books, GROUP, logOf, MS, member, stable, world } from './groups.ts'

const quick = { 'group.initial.rebalance.delay.ms': 0, 'group.min.session.timeout.ms': 1000 }
const short = { 'auto.offset.reset': 'earliest', 'session.timeout.ms': 3000, 'heartbeat.interval.ms': 1000 }

type Commits = GroupConsumerPlan['processing']['commits']

const worker = (
  name: string,
  commits: Commits,
  processing: Partial<GroupConsumerPlan['processing']> = {},
  config: Readonly<Record<string, unknown>> = {},
) =>
  member(name, {
    config: { ...short, ...config },
    processing: { eachUs: 20 * MS, commits, withoutWaiting: false, handsOver: false, ...processing },
  })

/** c1 has the one partition and crashes while it is busy; c2 goes on when the session of c1 is over. */
function crashAmidst(commits: Commits, processing: Partial<GroupConsumerPlan['processing']> = {}, config = {}) {
  const heir = { ...worker('c2', commits, processing, config), autostart: false }
  const harness = world({
    partitions: 1,
    clients: [worker('c1', commits, processing, config), heir],
    everyMs: 10,
    count: 300,
    brokerConfig: quick,
  })
  stable(harness, ['c1'])
  harness.runFor(5000)
  harness.event('ProcessingBegan')
  harness.runFor(5)
  harness.world.machine('c1').crash()
  harness.world.machine('c2').restart()
  harness.runFor(15_000)
  const application = books(harness)
  const lost = application.lost(GROUP, logOf(harness))
  return { harness, lost, repeated: application.repeated(GROUP), group: application.groups.get(GROUP)! }
}

describe('a consumer that crashes amidst its work', () => {
  test('has lost the rest of its batch to the group, if it commits before', () => {
    const { lost, repeated } = crashAmidst('before')
    expect(lost.length).toBeGreaterThan(0)
    expect(repeated).toEqual([])
  })

  test('has the done part of its batch done again, if it commits after', () => {
    const { lost, repeated, group } = crashAmidst('after')
    expect(lost).toEqual([])
    expect(repeated.length).toBeGreaterThan(0)
    expect(group.processed.size).toBe(300)
  })

  test('has at most one message done again, if it commits after each', () => {
    const { lost, repeated, group } = crashAmidst('after-each')
    expect(lost).toEqual([])
    expect(repeated.length).toBeLessThanOrEqual(1)
    expect(group.processed.size).toBe(300)
  })

  test('loses nothing by automatic commits as long as it polls only when all is done', () => {
    const { lost, group } = crashAmidst('auto', {}, { 'auto.commit.interval.ms': 500 })
    expect(lost).toEqual([])
    expect(group.processed.size).toBe(300)
  })

  test('loses messages by automatic commits if another thread does the work', () => {
    const { lost } = crashAmidst('auto', { handsOver: true }, { 'auto.commit.interval.ms': 500 })
    expect(lost.length).toBeGreaterThan(0)
  })

  test('has everything done again that it ever did, if nobody commits', () => {
    const { lost, group } = crashAmidst('never')
    expect(lost).toEqual([])
    expect(group.committed.size).toBe(0)
    expect(group.processed.get('p1-1')).toHaveLength(2)
  })
})

describe('commits', () => {
  test('nobody waits for come later than those somebody waits for, and both are kept', () => {
    for (const async of [false, true]) {
      const harness = world({
        clients: [worker('c1', 'after', { withoutWaiting: async })],
        count: 20,
        brokerConfig: quick,
      })
      harness.runFor(15_000)
      const how = new Set(harness.seen('CommitAcknowledged').map((event) => event.how))
      expect([...how]).toEqual([async ? 'async' : 'sync'])
      const { committed } = books(harness).groups.get(GROUP)!
      expect([...committed.values()].reduce((sum, offset) => sum + offset, 0)).toBe(20)
    }
  })

  test.each<PresetName>(['0.9', '1.1'])('come automatically at the interval, and at the end (%s)', (protocol) => {
    const config = { 'auto.commit.interval.ms': 2000 }
    const harness = world({ protocol, clients: [worker('c1', 'auto', { eachUs: 0 }, config)], brokerConfig: quick })
    stable(harness, ['c1'])
    const since = harness.records.length
    harness.runFor(10_500)
    const times = harness.seen('CommitAcknowledged', since).map(({ atMs }) => atMs)
    const gaps = times.slice(1).map((at, i) => at - times[i]!)
    expect(gaps.length).toBeGreaterThanOrEqual(3)
    for (const gap of gaps) expect(Math.abs(gap - 2000)).toBeLessThan(150)
    harness.runFor(500)
    harness.world.machine('c1').shutdown()
    harness.event('GroupLeft')
    const { committed, processed } = books(harness).groups.get(GROUP)!
    expect([...committed.values()].reduce((sum, offset) => sum + offset, 0)).toBe(processed.size)
  })

  test('come before a rebalance: nothing is repeated when a member joins', () => {
    const harness = world({
      clients: [worker('c1', 'auto', { eachUs: 0 }), { ...worker('c2', 'auto', { eachUs: 0 }), autostart: false }],
      brokerConfig: quick,
    })
    stable(harness, ['c1'])
    harness.runFor(6500)
    harness.world.machine('c2').restart()
    stable(harness, ['c1', 'c2'])
    harness.runFor(5000)
    expect(books(harness).repeated(GROUP)).toEqual([])
  })
})

/** A member that needs `eachMs` for a message, of which there is one every second. */
function slow(protocol: PresetName, eachMs: number, config: Readonly<Record<string, unknown>> = {}): ClusterHarness {
  const clients = [worker('c1', 'after', { eachUs: eachMs * MS }, { 'request.timeout.ms': 20_000, ...config })]
  const harness = world({ protocol, partitions: 1, clients, everyMs: 1000, brokerConfig: quick })
  stable(harness, ['c1'])
  harness.runFor(20_000)
  return harness
}

describe('a message that takes longer than the session', () => {
  test('costs the membership in 0.9, whose heartbeats go out from poll alone: the commit is refused', () => {
    const harness = slow('0.9', 5000)
    expect(harness.seen('MemberLeft').length).toBeGreaterThan(0)
    // Without its only member the group is gone: nobody knows the generation any more.
    expect(harness.seen('CommitFailed')[0]!.error).toBe('IllegalGeneration')
    expect(books(harness).repeated(GROUP).length).toBeGreaterThan(0)
  })

  test.each<PresetName>(['0.10.2', '1.1', '2.4'])('does no harm in %s, where a thread sends heartbeats', (protocol) => {
    const harness = slow(protocol, 5000)
    expect(harness.seen('MemberLeft')).toEqual([])
    expect(harness.seen('CommitFailed')).toEqual([])
    expect(books(harness).repeated(GROUP)).toEqual([])
  })

  test('costs the membership again when max.poll.interval.ms is over', () => {
    const harness = slow('1.1', 5000, { 'max.poll.interval.ms': 4000 })
    expect(harness.seen('GroupLeft')[0]!.reason).toBe('max.poll.interval.ms is over')
    expect(harness.seen('CommitFailed').length).toBeGreaterThan(0)
    expect(books(harness).repeated(GROUP).length).toBeGreaterThan(0)
  })
})
