/** Groups of a soak: who is in them, what they read, and how their applications commit. */
import type { ProcessingOptions, Subscribes } from '../../../src/client/index.ts'
import type { RandomStream } from '../../../src/host/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import type { ClientPlan, GroupConsumerPlan, OldConsumerPlan, TopicPlan } from '../../scenario/plan.ts'
import { MILLISECOND } from '../timed.ts'

/** A member of a group that a broker coordinates, or of one that forms through ZooKeeper. */
export type MemberPlan = GroupConsumerPlan | OldConsumerPlan

/** The Scala consumer went with 2.0. */
const WITH_OLD_CONSUMER: readonly PresetName[] = ['0.8.0', '0.8.1', '0.8.2', '0.9', '0.10.2', '0.11', '1.1']

/** Topics that operators create during a run have names that patterns of groups let through. */
export const TOPIC_PATTERN = 'orders.*'

export interface MembersScene {
  readonly protocol: PresetName
  readonly topics: readonly TopicPlan[]
}

/** One to three groups of one to four members each. */
export function randomMembers(streams: (name: string) => RandomStream, scene: MembersScene): MemberPlan[] {
  const groups = streams('fuzz/groups').intBetween(1, 3, 'groups')
  return Array.from({ length: groups }, (_, i) => groupOf(streams(`fuzz/group-${i}`), `g${i + 1}`, scene)).flat()
}

function groupOf(random: RandomStream, group: string, scene: MembersScene): MemberPlan[] {
  const { protocol } = scene
  const old = WITH_OLD_CONSUMER.includes(protocol)
  const coordinated = presets[protocol].groupCoordinator === 'group-membership'
  const through = old && (!coordinated || random.chance(1, 3, 'through ZooKeeper'))
  const count = random.intBetween(1, 4, 'members')
  // Where heartbeats go out from poll alone, an application that is slow leaves its group with every batch.
  const takes = through || presets[protocol].consumerLiveness !== 'poll' ? [0, 5, 20, 60] : [0, 5]
  const processing = randomProcessing(random, takes)
  const names = Array.from({ length: count }, (_, i) => `${group}c${i + 1}`)
  return through
    ? oldMembers(random, { group, names, processing }, scene)
    : coordinatedMembers(random, { group, names, processing }, scene)
}

interface Shape {
  readonly group: string
  readonly names: readonly string[]
  readonly processing: ProcessingOptions
}

function randomProcessing(random: RandomStream, takes: readonly number[]): ProcessingOptions {
  const commits = random.pick(['auto', 'before', 'after', 'after-each'] as const, 'commits')
  return {
    eachUs: random.pick(takes, 'takes') * MILLISECOND,
    commits,
    withoutWaiting: commits !== 'auto' && random.chance(1, 4, 'without waiting'),
    handsOver: random.chance(1, 6, 'hands over'),
  }
}

/** Most members are there from the beginning; the others join when a step says so. */
const startsLater = (random: RandomStream, index: number): boolean => index > 0 && random.chance(1, 3, 'starts later')

function coordinatedMembers(
  random: RandomStream,
  { group, names, processing }: Shape,
  { protocol, topics }: MembersScene,
): GroupConsumerPlan[] {
  const config = {
    'auto.offset.reset': random.pick(['earliest', 'earliest', 'latest'], 'reset'),
    'session.timeout.ms': 6000,
    'heartbeat.interval.ms': random.pick([1000, 3000], 'heartbeat'),
    'request.timeout.ms': random.pick([11_000, 20_000], 'request timeout'),
    'auto.commit.interval.ms': random.pick([500, 3000], 'auto commit'),
    'metadata.max.age.ms': random.pick([3000, 10_000], 'metadata age'),
    'partition.assignment.strategy': random.pick(strategiesOf(protocol), 'strategy'),
    ...(presets[protocol].consumerLiveness === 'poll'
      ? {}
      : {
          'max.poll.records': random.pick([3, processing.eachUs > 5 * MILLISECOND ? 50 : 500], 'records of a poll'),
          'max.poll.interval.ms': random.pick([8000, 30_000], 'poll interval'),
        }),
  }
  const subscribes = randomSubscription(random, topics)
  return names.map((name, i) => ({
    kind: 'group-consumer',
    name,
    group,
    subscribes,
    config,
    bootstrap: [],
    processing,
    pollUs: 100 * MILLISECOND,
    autostart: !startsLater(random, i),
  }))
}

/** KIP-54 came with 0.11. */
const strategiesOf = (protocol: PresetName): readonly string[] =>
  protocol === '0.9' || protocol === '0.10.2' ? ['range', 'roundrobin'] : ['range', 'roundrobin', 'sticky']

function randomSubscription(random: RandomStream, topics: readonly TopicPlan[]): Subscribes {
  if (random.chance(1, 3, 'by pattern')) return { pattern: TOPIC_PATTERN }
  return { topics: topics.map(({ name }) => name) }
}

function oldMembers(
  random: RandomStream,
  { group, names, processing }: Shape,
  { protocol, topics }: MembersScene,
): OldConsumerPlan[] {
  // Brokers keep offsets from 0.8.2 on.
  const keeps = presets[protocol].groupCoordinator !== 'none'
  const inKafka = keeps && random.chance(1, 2, 'offsets in Kafka')
  const config = {
    'auto.offset.reset': random.pick(['smallest', 'smallest', 'largest'], 'reset'),
    'zookeeper.session.timeout.ms': random.pick([4000, 6000], 'session timeout'),
    'rebalance.backoff.ms': random.pick([500, 2000], 'rebalance back-off'),
    'rebalance.max.retries': random.pick([4, 10], 'rebalance attempts'),
    'auto.commit.interval.ms': random.pick([500, 3000], 'auto commit'),
    'socket.timeout.ms': random.pick([3000, 30_000], 'socket timeout'),
    'offsets.storage': inKafka ? 'kafka' : 'zookeeper',
    'dual.commit.enabled': inKafka && random.chance(1, 3, 'dual commit'),
    'partition.assignment.strategy': random.pick(['range', 'roundrobin'], 'strategy'),
  }
  const streams = random.pick([1, 1, 2], 'streams')
  const filter = random.chance(1, 3, 'by whitelist')
  return names.map((name, i) => ({
    kind: 'old-consumer',
    name,
    group,
    config,
    servers: [],
    subscription: filter
      ? { filter: 'white_list', regex: TOPIC_PATTERN, streams }
      : { topics: topics.map((topic) => ({ topic: topic.name, streams })) },
    processing: { ...processing, withoutWaiting: false },
    autostart: !startsLater(random, i),
  }))
}

/** Writers of the topics, who stop in time for all groups to come to the end. */
export function randomProducers(random: RandomStream, topics: readonly TopicPlan[], untilUs: number): ClientPlan[] {
  return topics.map((topic, i) => {
    const everyUs = random.pick([200, 300, 500], 'every') * MILLISECOND
    const startUs = random.intBetween(1500, 6000, 'start') * MILLISECOND
    return {
      kind: 'producer',
      name: `p${i + 1}`,
      bootstrap: [],
      config: {
        'request.required.acks': random.pick([-1, -1, 1], 'acks'),
        'request.timeout.ms': 1500,
        'retry.backoff.ms': 300,
        'message.send.max.retries': 10,
      },
      workload: {
        topic: topic.name,
        everyUs,
        startUs,
        count: Math.floor((untilUs - startUs) / everyUs),
        sizeBytes: 20,
        keys: { low: 1, high: 30 },
      },
    }
  })
}
