/**
 * Groups in trouble, as a scenario plan: members of groups and the brokers that coordinate them (or the ZooKeeper that they
 * form through) fail in all ways. Everything is drawn from named streams of the seed, one stream a fault, so that leaving
 * one out leaves the others as they were.
 *
 * Two phases: trouble, then everything is healed and what is down is started again. By the end of the calm every group has
 * to have divided all its partitions and read them to their ends.
 */
import type { RandomStream } from '../../../src/host/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { RandomStreams } from '../../kernel/index.ts'
import type { ScenarioPlan, TopicPlan } from '../../scenario/plan.ts'
import { healed, randomFaults, restarted } from '../cluster-faults.ts'
import { soakPlan } from '../soak-plan.ts'
import { inOrder, SECOND } from '../timed.ts'
import { randomMembers, randomProducers } from './members.ts'
import { randomMemberTrouble, randomTopicChanges } from './trouble.ts'

export interface GroupsPlanOptions {
  /** Drawn if absent. */
  readonly protocol?: PresetName
}

const TROUBLE_ENDS_US = 40 * SECOND
const RESTARTS_US = [5, 12, 20, 30].map((seconds) => TROUBLE_ENDS_US + seconds * SECOND)
const ENDS_US = TROUBLE_ENDS_US + 80 * SECOND

const presetNames = Object.keys(presets) as PresetName[]

/** The plan of a seed: the same seed and options give the same plan. */
export function groupsPlan(seed: number, options: GroupsPlanOptions = {}): ScenarioPlan {
  const all = new RandomStreams(seed)
  const streams = (name: string): RandomStream => all.stream(name)
  const protocol = options.protocol ?? streams('fuzz/protocol').pick(presetNames, 'preset')
  const shape = streams('fuzz/cluster')
  const brokers = ['b1', 'b2', 'b3']
  const servers = ['zk1', 'zk2', 'zk3']
  const topics = randomTopics(shape)
  const members = randomMembers(streams, { protocol, topics })
  const scene = { members, topics, brokers, servers, endUs: TROUBLE_ENDS_US }
  const trouble = [
    ...randomFaults(streams, { brokers, servers, endUs: TROUBLE_ENDS_US }),
    ...randomMemberTrouble(streams, scene),
    ...randomTopicChanges(streams, scene),
  ]
  const everybody = [...servers, ...brokers, ...members.map(({ name }) => name)]
  const steps = [
    ...inOrder(trouble, TROUBLE_ENDS_US),
    healed(TROUBLE_ENDS_US, everybody),
    ...RESTARTS_US.map((us) => restarted(us, everybody)),
  ]
  return soakPlan({
    soak: 'groups',
    trouble: 'Trouble for groups',
    seed,
    endsUs: ENDS_US,
    cluster: {
      protocol,
      zookeeper: servers.length,
      brokers: brokers.length,
      brokerConfig: randomBrokerConfig(shape),
      network: { latencyUs: { low: 500, high: shape.pick([1500, 3000, 8000], 'latency') } },
      topics,
      clients: [...randomProducers(streams('fuzz/producers'), topics, TROUBLE_ENDS_US + 5 * SECOND), ...members],
    },
    steps,
  })
}

function randomBrokerConfig(random: RandomStream): Record<string, unknown> {
  return {
    'zookeeper.session.timeout.ms': random.pick([4000, 6000], 'session timeout'),
    'replica.lag.time.max.ms': random.pick([1000, 3000, 10_000], 'lag time'),
    'replica.high.watermark.checkpoint.interval.ms': random.pick([500, 5000], 'checkpoint interval'),
    'replica.socket.timeout.ms': random.pick([3000, 30_000], 'replica socket timeout'),
    'controller.socket.timeout.ms': random.pick([3000, 30_000], 'controller socket timeout'),
    'leader.imbalance.check.interval.seconds': random.pick([5, 300], 'imbalance check'),
    'controlled.shutdown.retry.backoff.ms': 1000,
    'offsets.topic.num.partitions': random.pick([1, 3], 'offsets partitions'),
    'offsets.topic.replication.factor': 3,
    // So small that a new coordinator has to look again and again how far it may read.
    'offsets.load.buffer.size': random.pick([3000, 5_242_880], 'load buffer'),
    'offsets.commit.timeout.ms': random.pick([1500, 5000], 'commit timeout'),
    // Members with sessions of six seconds are let in by every release.
    'group.min.session.timeout.ms': 6000,
  }
}

function randomTopics(random: RandomStream): TopicPlan[] {
  const count = random.intBetween(1, 2, 'topics')
  return ['orders', 'orders-eu'].slice(0, count).map((name) => ({
    name,
    partitions: random.intBetween(1, 4, 'partitions'),
    replicationFactor: random.pick([3, 3, 2], 'replication factor'),
    config: random.chance(1, 2, 'own unclean setting')
      ? { 'unclean.leader.election.enable': random.chance(1, 2, 'unclean') }
      : {},
  }))
}
