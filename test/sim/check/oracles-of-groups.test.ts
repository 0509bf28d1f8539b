// Oracles of consumer groups: who owns a partition, who is given a message, what the applications make of it.
import { describe, expect, it } from 'vitest'
import type { OracleResult } from '../../../sim/check/index.ts'
import type { GroupConsumerPlan } from '../../../sim/scenario/plan.ts'
import { plan, Story, TP } from './story.ts'

const member = (name: string, processing: Partial<GroupConsumerPlan['processing']> = {}): GroupConsumerPlan => ({
  kind: 'group-consumer',
  name,
  group: 'billing',
  subscribes: { topics: ['orders'] },
  config: {},
  bootstrap: [],
  processing: { eachUs: 0, commits: 'after', withoutWaiting: false, handsOver: false, ...processing },
  pollUs: 1000,
  autostart: true,
})

class GroupStory extends Story {
  constructor(processing: Partial<GroupConsumerPlan['processing']> = {}) {
    super(plan({ protocol: '1.1', clients: [member('c1', processing), member('c2', processing)] }))
    this.begin()
  }

  assigned(client: string, generation: number, partitions: readonly string[] = [TP]): this {
    return this.on(client, {
      kind: 'PartitionsAssigned',
      client,
      group: 'billing',
      generation,
      member: client,
      partitions,
    })
  }

  revoked(client: string, generation: number): this {
    return this.on(client, { kind: 'PartitionsRevoked', client, group: 'billing', generation, partitions: [TP] })
  }

  /** The coordinator takes members in; `null`: the group has no members any more, and is forgotten (0.9). */
  took(members: readonly string[] | null, generation = 1): this {
    const group = 'billing'
    if (members === null) return this.on('b1', { kind: 'GroupEmptied', group, generation })
    const event = {
      kind: 'GenerationStarted',
      group,
      generation,
      leader: members[0]!,
      protocol: 'range',
      members,
    } as const
    return this.on('b1', event)
  }

  begins(client: string, offset: number): this {
    return this.on(client, { kind: 'PositionSet', client, group: 'billing', tp: TP, offset, from: 'committed' })
  }

  given(client: string, offset: number, value: string): this {
    const messages = [{ offset, key: null, value }]
    return this.on(client, { kind: 'MessagesRead', client, tp: TP, messages, broker: 1, highWatermark: 9 })
  }

  done(client: string, offset: number, message: string): this {
    return this.on(client, { kind: 'MessageProcessed', client, group: 'billing', tp: TP, offset, message })
  }

  committed(client: string, next: number): this {
    const who = { client, generation: 1, member: client }
    return this.on('b1', {
      kind: 'OffsetsCommitted',
      group: 'billing',
      storage: 'kafka',
      ...who,
      offsets: { [TP]: next },
    })
  }

  crashed(client: string): this {
    return this.crash(client)
  }

  of(oracle: string): OracleResult {
    return this.result(oracle)
  }
}

describe('I-ONE-OWNER', () => {
  it('is broken, against its promise, by two members with one partition in one generation', () => {
    const result = new GroupStory().assigned('c1', 1).assigned('c2', 1).of('I-ONE-OWNER')
    expect(result).toMatchObject({ held: false, promised: true, count: 1 })
    expect(result.violations[0]!.detail).toContain('and so did c1')
  })

  it('holds where the first has given the partition up, or died, or has not heard of the next generation', () => {
    expect(new GroupStory().assigned('c1', 1).revoked('c1', 1).assigned('c2', 1).of('I-ONE-OWNER').held).toBe(true)
    expect(new GroupStory().assigned('c1', 1).crashed('c1').assigned('c2', 1).of('I-ONE-OWNER').held).toBe(true)
    expect(new GroupStory().assigned('c1', 1).assigned('c2', 2).of('I-ONE-OWNER').held).toBe(true)
  })

  it('is not promised to consumers whose group forms through ZooKeeper', () => {
    const claim = (story: GroupStory, client: string): GroupStory =>
      story.on(client, { kind: 'ConsumerRebalanced', client, group: 'billing', offsets: { [TP]: 0 } })
    const result = claim(claim(new GroupStory(), 'c1'), 'c2').of('I-ONE-OWNER')
    expect(result).toMatchObject({ held: false, promised: false })
    expect(result.reason).toContain('no broker checks that')
  })
})

describe('a group that is forgotten when it is empty, and begins at generation 1 again (0.9)', () => {
  const overslept = (): GroupStory =>
    new GroupStory()
      .took(['c1'])
      .assigned('c1', 1)
      .given('c1', 0, 'm1')
      .took(null)
      .took(['c2'])
      .assigned('c2', 1)
      .given('c2', 0, 'm1')

  it('has two members that each hold a partition in a generation 1, which are not the same', () => {
    expect(overslept().of('I-ONE-OWNER').held).toBe(true)
    expect(overslept().of('I-UNICAST').held).toBe(true)
  })

  it('is judged all the same within the later one', () => {
    const story = overslept().took(['c2', 'c3'], 2).assigned('c2', 2).assigned('c3', 2)
    expect(story.given('c2', 1, 'm2').given('c3', 1, 'm2').of('I-UNICAST')).toMatchObject({ held: false, count: 1 })
    expect(story.of('I-ONE-OWNER')).toMatchObject({ held: false, count: 1 })
  })
})

describe('I-UNICAST', () => {
  it('is broken by a message that two members are given in one generation', () => {
    const story = new GroupStory().assigned('c1', 1).given('c1', 0, 'm1').assigned('c2', 1).given('c2', 0, 'm1')
    expect(story.of('I-UNICAST')).toMatchObject({ held: false, promised: true, count: 1 })
  })

  it('holds when the owner of the next generation is given it again', () => {
    const story = new GroupStory().assigned('c1', 1).given('c1', 0, 'm1').assigned('c2', 2).given('c2', 0, 'm1')
    expect(story.of('I-UNICAST').held).toBe(true)
  })
})

describe('I-PROCESSED-ONCE', () => {
  /** c1 is given m1 and m2, which stand in the log. */
  const begun = (processing: Partial<GroupConsumerPlan['processing']> = {}): GroupStory => {
    const story = new GroupStory(processing)
    story.append('b1', 'leader', 0, 'm1', 'm2')
    return story.assigned('c1', 1).begins('c1', 0).given('c1', 0, 'm1').given('c1', 1, 'm2')
  }
  const committedAndDead = (processing: Partial<GroupConsumerPlan['processing']> = {}): OracleResult =>
    begun(processing).committed('c1', 2).done('c1', 0, 'm1').crashed('c1').of('I-PROCESSED-ONCE')

  it('names what is committed and was never processed', () => {
    const result = committedAndDead()
    expect(result).toMatchObject({ held: false, promised: true, count: 1 })
    expect(result.violations[0]).toMatchObject({ message: 'm2' })
  })

  it('is not promised to an application that commits first, or leaves commits to a consumer whose messages it hands over', () => {
    expect(committedAndDead({ commits: 'before' })).toMatchObject({ held: false, promised: false })
    expect(committedAndDead({ commits: 'before' }).reason).toContain('at most once')
    expect(committedAndDead({ commits: 'auto', handsOver: true }).reason).toContain('automatic commits cover what poll')
    expect(committedAndDead({ commits: 'auto' }).promised).toBe(true)
  })

  it('waits for what a living member still has in hand', () => {
    const story = begun().committed('c1', 2).done('c1', 0, 'm1')
    expect(story.of('I-PROCESSED-ONCE').held).toBe(true)
  })

  it('names what is done twice, which only those are promised not to see who commit first', () => {
    const twice = (commits: GroupConsumerPlan['processing']['commits']): OracleResult =>
      begun({ commits }).done('c1', 0, 'm1').crashed('c1').begins('c2', 0).done('c2', 0, 'm1').of('I-PROCESSED-ONCE')
    expect(twice('after')).toMatchObject({ held: false, promised: false, count: 1 })
    expect(twice('after').reason).toContain('at least once')
    expect(twice('auto').reason).toContain('auto.commit.interval.ms')
    expect(twice('before')).toMatchObject({ held: false, promised: true })
  })
})
