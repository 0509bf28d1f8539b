/**
 * What goes wrong around groups: members join, leave, crash, stand still, are cut off and lose their sessions; brokers and
 * ZooKeeper servers fail as in the other soaks (the coordinator of a group is one of the brokers); topics come and grow.
 */
import type { RandomStream } from '../../../src/host/index.ts'
import type { TopicPlan } from '../../scenario/plan.ts'
import { at, MILLISECOND, machines, nowhere, SECOND, type Timed } from '../timed.ts'
import type { MemberPlan } from './members.ts'

const families = ['join-leave', 'crash', 'pause', 'cut', 'stall', 'session', 'reset'] as const
type Family = (typeof families)[number]

export interface GroupScene {
  readonly members: readonly MemberPlan[]
  readonly topics: readonly TopicPlan[]
  readonly brokers: readonly string[]
  readonly servers: readonly string[]
  readonly endUs: number
}

/** Swarm: each family is off in half of the runs. Those who are to start later always do. */
export function randomMemberTrouble(streams: (name: string) => RandomStream, scene: GroupScene): Timed[] {
  const { members, endUs } = scene
  const arrivals = streams('fuzz/arrivals')
  const timed = members
    .filter(({ autostart }) => !autostart)
    .map(({ name }) =>
      at(arrivals.intBetween(3 * SECOND, endUs - SECOND, 'arrives'), {
        do: 'start',
        span: nowhere,
        targets: machines(name),
      }),
    )
  const swarm = streams('fuzz/member-swarm')
  const chosen = families.filter((family) => swarm.chance(1, 2, `family ${family}`))
  if (chosen.length === 0) return timed
  const count = swarm.intBetween(2, 14, 'member faults')
  for (let i = 0; i < count; i++) {
    const random = streams(`fuzz/member-fault-${i}`)
    const us = random.intBetween(3 * SECOND, endUs - SECOND, 'when')
    timed.push(...memberFault(random, random.pick(chosen, 'family'), us, scene))
  }
  return timed
}

function memberFault(random: RandomStream, family: Family, us: number, scene: GroupScene): Timed[] {
  const { members, brokers, servers } = scene
  const member = random.pick(members, 'member')
  const targets = machines(member.name)
  const lasts =
    random.pick([200, 1500, 5000, 9000], 'lasts') * MILLISECOND + random.intBelow(1000, 'more') * MILLISECOND
  const untilUs = us + lasts
  const span = nowhere
  switch (family) {
    case 'join-leave':
      return [at(us, { do: 'stop', span, targets }), at(untilUs, { do: 'start', span, targets })]
    case 'crash':
      return [at(us, { do: 'crash', span, targets }), at(untilUs, { do: 'restart', span, targets })]
    case 'pause':
      return [at(us, { do: 'pause', span, targets }), at(untilUs, { do: 'resume', span, targets })]
    case 'cut':
    case 'stall': {
      const peers = member.kind === 'old-consumer' && random.chance(1, 2, 'from ZooKeeper') ? servers : brokers
      const to = random.chance(1, 2, 'one peer') ? machines(random.pick(peers, 'peer')) : machines(...peers)
      const links = { from: targets, to, oneWay: random.chance(1, 3, 'one way'), span }
      return [at(us, { do: family, ...links }), at(untilUs, { do: family === 'cut' ? 'heal' : 'release', ...links })]
    }
    case 'session':
      // Only members of ZooKeeper's groups have one; to a coordinator nine seconds of silence are the same.
      return member.kind === 'old-consumer'
        ? [at(us, { do: 'expireSession', span, targets })]
        : [at(us, { do: 'pause', span, targets }), at(us + 9 * SECOND, { do: 'resume', span, targets })]
    case 'reset':
      return [at(us, { do: 'reset', span, from: targets, to: machines(...brokers, ...servers) })]
  }
}

/** What operators do to the topics meanwhile. */
export function randomTopicChanges(streams: (name: string) => RandomStream, { topics, endUs }: GroupScene): Timed[] {
  const count = streams('fuzz/topic-changes').intBetween(0, 4, 'changes')
  const timed: Timed[] = []
  for (let i = 0; i < count; i++) {
    const random = streams(`fuzz/topic-change-${i}`)
    const us = random.intBetween(3 * SECOND, endUs - SECOND, 'when')
    const topic = random.pick(topics, 'topic')
    const span = nowhere
    switch (random.pick(['create', 'expand', 'prefer'] as const, 'kind')) {
      case 'create': {
        const late = { name: `orders-late-${i}`, partitions: random.intBetween(1, 2, 'partitions') }
        timed.push(at(us, { do: 'createTopic', span, topic: { ...late, replicationFactor: 2, config: {} } }))
        break
      }
      case 'expand': {
        const to = topic.partitions + random.intBetween(1, 2, 'more')
        timed.push(at(us, { do: 'addPartitions', span, topic: topic.name, to }))
        break
      }
      case 'prefer': {
        const partition = random.intBelow(topic.partitions, 'partition')
        timed.push(at(us, { do: 'electPreferred', span, partitions: [{ topic: topic.name, partition }] }))
        break
      }
    }
  }
  return timed
}
