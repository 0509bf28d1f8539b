/**
 * A cluster with trouble for its control plane, as a scenario plan: brokers and ZooKeeper servers fail in all ways while
 * topics come, grow, move and go. Everything is drawn from named streams of the seed, one stream a fault and one a
 * request, so that leaving one out leaves the others as they were.
 *
 * Two phases: trouble, then everything is healed and what is down is started again, and again (a broker may give up as it
 * starts); what is left of the time is calm, and at its end the control plane has to be at rest.
 */
import type { RandomStream } from '../../../src/host/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { RandomStreams } from '../../kernel/index.ts'
import type { ClientPlan, ScenarioPlan, TopicPlan } from '../../scenario/plan.ts'
import { healed, randomFaults, restarted } from '../cluster-faults.ts'
import { soakPlan } from '../soak-plan.ts'
import { inOrder, MILLISECOND, SECOND } from '../timed.ts'
import { randomDeposition } from './depose.ts'
import { randomRequests } from './requests.ts'

export interface ControlPlanePlanOptions {
  /** Drawn if absent. */
  readonly protocol?: PresetName
}

const FAULTS_END_US = 40 * SECOND
/** When whatever gave up is started again, after the heal. */
const RESTARTS_US = [8, 16, 30, 45].map((seconds) => FAULTS_END_US + seconds * SECOND)
const ENDS_US = FAULTS_END_US + 150 * SECOND

const presetNames = Object.keys(presets) as PresetName[]

/** The plan of a seed: the same seed and options give the same plan. */
export function controlPlanePlan(seed: number, options: ControlPlanePlanOptions = {}): ScenarioPlan {
  const all = new RandomStreams(seed)
  const streams = (name: string): RandomStream => all.stream(name)
  const protocol = options.protocol ?? streams('fuzz/protocol').pick(presetNames, 'preset')
  const shape = streams('fuzz/cluster')
  const brokerCount = shape.intBetween(3, 5, 'brokers')
  const brokers = Array.from({ length: brokerCount }, (_, i) => `b${i + 1}`)
  const servers = ['zk1', 'zk2', 'zk3']
  const topics = randomTopics(shape)
  const requests = randomRequests(streams, { topics, brokers: brokerCount, endUs: FAULTS_END_US })
  const deposition = randomDeposition(streams('fuzz/depose'), requests)
  const trouble = [
    ...randomFaults(streams, { brokers, servers, endUs: FAULTS_END_US }),
    ...requests,
    ...deposition.timed,
  ]
  const steps = [
    ...inOrder(trouble, FAULTS_END_US),
    healed(FAULTS_END_US, [...servers, ...brokers]),
    ...RESTARTS_US.map((us) => restarted(us, [...servers, ...brokers])),
  ]
  return soakPlan({
    soak: 'control-plane',
    trouble: 'Trouble for the control plane',
    seed,
    endsUs: ENDS_US,
    cluster: {
      protocol,
      zookeeper: servers.length,
      brokers: brokerCount,
      brokerConfig: randomBrokerConfig(shape),
      network: { latencyUs: { low: 500, high: shape.pick([1500, 3000, 8000], 'latency') } },
      topics,
      clients: [...randomProducers(streams('fuzz/clients'), topics), ...deposition.clients],
    },
    steps,
  })
}

/** Limits are drawn low, so that what they guard against happens within the time of trouble. */
function randomBrokerConfig(random: RandomStream): Record<string, unknown> {
  return {
    'zookeeper.session.timeout.ms': random.pick([4000, 6000], 'session timeout'),
    'replica.lag.time.max.ms': random.pick([1000, 3000, 10_000], 'lag time'),
    'replica.lag.max.messages': random.pick([5, 4000], 'lag messages'),
    'replica.high.watermark.checkpoint.interval.ms': random.pick([500, 5000], 'checkpoint interval'),
    'replica.socket.timeout.ms': random.pick([3000, 30_000], 'replica socket timeout'),
    'controller.socket.timeout.ms': random.pick([3000, 30_000], 'controller socket timeout'),
    'leader.imbalance.check.interval.seconds': random.pick([5, 300], 'imbalance check'),
    'controlled.shutdown.retry.backoff.ms': 1000,
    'delete.topic.enable': true,
    'auto.create.topics.enable': random.chance(1, 3, 'auto create'),
  }
}

function randomTopics(random: RandomStream): TopicPlan[] {
  const count = random.intBetween(1, 3, 'topics')
  return ['orders', 'payments', 'audit'].slice(0, count).map((name) => ({
    name,
    partitions: random.intBetween(1, 3, 'partitions'),
    replicationFactor: random.pick([3, 3, 2, 1], 'replication factor'),
    config: random.chance(1, 2, 'own unclean setting')
      ? { 'unclean.leader.election.enable': random.chance(1, 2, 'unclean') }
      : {},
  }))
}

/** A few writes, so that leaders have something to take. */
function randomProducers(random: RandomStream, topics: readonly TopicPlan[]): ClientPlan[] {
  return topics.slice(0, 2).map((topic, i) => ({
    kind: 'producer',
    name: `p${i + 1}`,
    bootstrap: [],
    config: {
      'request.required.acks': random.pick([-1, 1], 'acks'),
      'request.timeout.ms': 1500,
      'retry.backoff.ms': 500,
      'message.send.max.retries': 3,
    },
    workload: {
      topic: topic.name,
      everyUs: random.pick([250, 1000], 'every') * MILLISECOND,
      startUs: 3 * SECOND,
      sizeBytes: 20,
      keys: { low: 1, high: 8 },
    },
  }))
}
