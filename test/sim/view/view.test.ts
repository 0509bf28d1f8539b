import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  actingLeader,
  type ClusterView,
  countOf,
  initialView,
  stepBack,
  stepForward,
  type ViewRecord,
  ViewRecorder,
  type ViewStep,
  zooKeeperLeader,
} from '../../../sim/view/index.ts'
import { beforeTheCrash, plan, Story, threeMessageLoss, tp } from './story.ts'

const plain = (view: ClusterView): unknown => JSON.parse(JSON.stringify(view))

function fold(
  records: readonly ViewRecord[],
  patches: boolean,
): { view: ClusterView; steps: ViewStep[]; views: ClusterView[] } {
  const steps: ViewStep[] = []
  const views: ClusterView[] = []
  const recorder = new ViewRecorder(plan, { patches, onStep: (step) => steps.push(step) })
  for (const record of records) {
    recorder.apply(record)
    views.push(recorder.view)
  }
  return { view: recorder.view, steps, views }
}

/** Anything that may happen to a partition, in no sensible order: the fold must cope with every trace. */
const arbitraryStory = fc
  .array(
    fc.tuple(
      fc.constantFrom('b1', 'b2', 'b3'),
      fc.constantFrom(
        'append',
        'fetch',
        'truncate',
        'load',
        'lead',
        'follow',
        'hw',
        'crash',
        'checkpoint',
        'state',
        'session',
      ),
      fc.nat(5),
    ),
    { maxLength: 60 },
  )
  .map((deeds) => {
    const story = new Story()
    const ends = new Map([
      ['b1', 0],
      ['b2', 0],
      ['b3', 0],
    ])
    deeds.forEach(([broker, deed, n], index) => {
      const leo = ends.get(broker)!
      story.at(index)
      switch (deed) {
        case 'append':
        case 'fetch':
          story.append(
            broker,
            deed === 'append' ? 'leader' : 'follower',
            n,
            leo,
            ...Array.from({ length: n + 1 }, (_, i) => `m${index}.${i}`),
          )
          ends.set(broker, leo + n + 1)
          break
        case 'truncate': {
          const to = Math.max(0, leo - n)
          story.on(broker, { kind: 'LogTruncated', tp, from: leo, to })
          story.on(broker, { kind: 'Truncated', tp, from: leo, to, reason: 'became-follower', highWatermark: to })
          ends.set(broker, to)
          break
        }
        case 'load': {
          const to = Math.max(0, leo - n)
          story.on(broker, {
            kind: 'LogLoaded',
            tp,
            logStartOffset: 0,
            logEndOffset: to,
            recovered: true,
            truncatedBytes: 0,
          })
          ends.set(broker, to)
          break
        }
        case 'lead':
          story.lead(broker, n, [1, 2], n, leo, 0)
          break
        case 'follow':
          story.follow(broker, n, n, leo, 0)
          break
        case 'hw':
          story.highWatermark(broker, 'leader', n, 0, Math.min(leo, n))
          break
        case 'crash':
          story.on(broker, { kind: 'ProcessEnded', how: 'crash', reason: '' })
          break
        case 'checkpoint':
          story.on(broker, { kind: 'HighWatermarksCheckpointed', entries: { [tp]: n } })
          break
        case 'state':
          story.state(n - 1, n, [1, 2], n)
          break
        case 'session':
          story.on('zk1', { kind: 'ZkSessionCreated', session: `0x${n}`, owner: broker, timeoutMs: 6000 })
          break
      }
    })
    return story.records
  })

describe('the view', () => {
  it('knows leader, ISR, logs, high watermarks and checkpoint of the story before the crash', () => {
    const { view } = beforeTheCrash().told()
    expect(actingLeader(view, tp)).toBe('b1')
    expect(view.partitions[tp]).toMatchObject({
      replicas: [1, 2, 3],
      leader: 1,
      leaderEpoch: 0,
      isr: [1, 2, 3],
      zkVersion: 0,
    })
    expect(view.brokers.b1!.replicas[tp]).toMatchObject({
      role: 'leader',
      logEndOffset: 3,
      highWatermark: 1,
      checkpointed: 1,
    })
    expect(view.brokers.b2!.replicas[tp]).toMatchObject({
      role: 'follower',
      leader: 1,
      logEndOffset: 2,
      highWatermark: 1,
    })
    expect(view.brokers.b3!.replicas[tp]!.log.toArray().map((message) => message.value)).toEqual(['m1'])
    expect(view.controller).toEqual({ broker: 2, epoch: 1 })
    expect(view.brokers.b1!.registered).toBe(true)
    expect(view.clients.p1).toMatchObject({ sent: 1, acked: 1 })
    expect(view.machines.b1).toEqual({ kind: 'broker', state: 'running', life: 1, ended: '' })
    expect(countOf(view, 'Appended')).toBe(6)
    expect(countOf(view, 'Appended', 'b2')).toBe(2)
  })

  it('forgets what a dead process believed, keeps its disk, and shows the high watermark that a restart would load', () => {
    const story = beforeTheCrash().at(6000).on('b1', { kind: 'ProcessEnded', how: 'crash', reason: '' })
    const { view } = story.told()
    expect(actingLeader(view, tp)).toBeUndefined()
    expect(view.brokers.b1!.replicas[tp]).toMatchObject({
      role: 'none',
      leader: -1,
      isr: [],
      logEndOffset: 3,
      highWatermark: 1,
    })
    expect(view.brokers.b1!.replicas[tp]!.log.length).toBe(3)
    expect(view.machines.b1).toMatchObject({ state: 'stopped', ended: 'crash' })
  })

  it('has no leader until the one that ZooKeeper names acts in that epoch', () => {
    const story = beforeTheCrash().at(6000).state(2, 1, [2, 3], 1)
    expect(actingLeader(story.told().view, tp)).toBeUndefined()
    story.lead('b2', 1, [2, 3], 1, 2, 1)
    expect(actingLeader(story.told().view, tp)).toBe('b2')
    // b1 still believes in itself.
    expect(story.told().view.brokers.b1!.replicas[tp]!.role).toBe('leader')
  })

  it('remembers the last truncation with the messages cut, told once by storage and once by the replica manager', () => {
    const { view } = threeMessageLoss().told()
    const { lastTruncation } = view.brokers.b1!.replicas[tp]!
    expect(lastTruncation).toMatchObject({ from: 3, to: 1, reason: 'became-follower', atUs: 12_400_000 })
    expect(lastTruncation!.cut.map((message) => message.value)).toEqual(['m2', 'm3'])
  })

  it('does not take a truncation that cuts nothing for one', () => {
    const story = beforeTheCrash().on('b2', {
      kind: 'Truncated',
      tp,
      from: 2,
      to: 2,
      reason: 'became-follower',
      highWatermark: 1,
    })
    expect(story.told().view.brokers.b2!.replicas[tp]!.lastTruncation).toBeUndefined()
  })

  it('empties a log that starts anew past its end', () => {
    const story = beforeTheCrash()
      .on('b3', { kind: 'LogTruncated', tp, from: 1, to: 7 })
      .append('b3', 'follower', 0, 7, 'm8')
    const replica = story.told().view.brokers.b3!.replicas[tp]!
    expect(replica).toMatchObject({ logStartOffset: 7, logEndOffset: 8 })
    expect(replica.log.toArray().map((message) => message.offset)).toEqual([7])
  })

  it('follows ZooKeeper: tree, servers, sessions, deposed leader of an old epoch', () => {
    const story = threeMessageLoss()
    story.on(
      'zk1',
      { kind: 'ZkServerState', state: 'LEADING', epoch: 1, leader: 'zk1' },
      { kind: 'ZkLeaderServing', epoch: 1 },
    )
    story.on(
      'zk2',
      { kind: 'ZkServerState', state: 'LEADING', epoch: 2, leader: 'zk2' },
      { kind: 'ZkLeaderServing', epoch: 2 },
    )
    const { view } = story.told()
    expect(zooKeeperLeader(view)).toBe('zk2')
    expect(view.sessions['0x2']).toMatchObject({ owner: 'b1', state: 'expired' })
    expect(view.znodes['/controller']).toMatchObject({ version: 0, ephemeralOwner: '0x1' })
    expect(view.znodes['/brokers/topics/orders/partitions/0/state']).toMatchObject({ version: 1 })
  })

  it('is left as it was by the recorder that started from it', () => {
    const before = JSON.stringify(plan)
    fold(threeMessageLoss().records, false)
    expect(JSON.stringify(plan)).toBe(before)
  })

  it('joins machines as records name them when there is no plan', () => {
    const recorder = new ViewRecorder(initialView())
    for (const record of threeMessageLoss().records) recorder.apply(record)
    expect(actingLeader(recorder.view, tp)).toBe('b2')
    expect(recorder.view.machines.b1!.life).toBe(2)
  })
})

it('folds 80,000 ordinary records in well under a second without patches', () => {
  const story = new Story()
  for (let index = 0; index < 20_000; index++) {
    story.append('b1', 'leader', 0, index, `m${index}`).append('b2', 'follower', 0, index, `m${index}`)
    story.on('b1', { kind: 'FollowerPosition', tp, follower: 2, logEndOffset: index + 1 })
    story.highWatermark('b1', 'leader', 0, index, index + 1)
  }
  const started = performance.now()
  const { view } = fold(story.records, false)
  expect(performance.now() - started).toBeLessThan(800)
  expect(view.brokers.b1!.replicas[tp]).toMatchObject({ logEndOffset: 20_000, highWatermark: 20_000 })
})

describe('the time machine', () => {
  it('folds to the same view with patches and without, whatever the trace', () => {
    fc.assert(
      fc.property(arbitraryStory, (records) => {
        expect(plain(fold(records, true).view)).toEqual(plain(fold(records, false).view))
      }),
      { numRuns: 60 },
    )
  })

  it('comes back by inverse patches through every view to the first, and forward again', () => {
    fc.assert(
      fc.property(arbitraryStory, (records) => {
        const { steps, views, view } = fold(records, true)
        const texts = views.map((each) => JSON.stringify(each))
        let at = view
        for (let index = records.length - 1; index >= 0; index--) {
          expect(JSON.stringify(at)).toBe(texts[index])
          at = stepBack(at, steps[index]!)
        }
        expect(plain(at)).toEqual(plain(plan))
        for (const step of steps) at = stepForward(at, step)
        expect(plain(at)).toEqual(plain(view))
      }),
      { numRuns: 40 },
    )
  })

  it('keeps every earlier view as it was while logs grow and are cut', () => {
    fc.assert(
      fc.property(arbitraryStory, (records) => {
        const recorder = new ViewRecorder(plan, { patches: true })
        const seen: [ClusterView, string][] = []
        for (const record of records) {
          recorder.apply(record)
          seen.push([recorder.view, JSON.stringify(recorder.view)])
        }
        for (const [view, text] of seen) expect(JSON.stringify(view)).toBe(text)
      }),
      { numRuns: 40 },
    )
  })
})
