/**
 * Transactions in trouble, as a scenario plan: an application that reads, processes and writes exactly once, a producer of
 * transactions, and those who read what is committed. Everything is drawn from named streams of the seed, one stream a
 * fault, so that leaving one out leaves the others as they were.
 *
 * Two phases: trouble, then everything is healed and what is down is started again. By the end of the calm every
 * transaction has to have ended, and every order to have its one receipt.
 */
import type { RandomStream } from '../../../src/host/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { RandomStreams } from '../../kernel/index.ts'
import type { Action, ScenarioPlan, TopicPlan } from '../../scenario/plan.ts'
import { healed, restarted } from '../cluster-faults.ts'
import { soakPlan } from '../soak-plan.ts'
import { inOrder, machines, nowhere, SECOND, stepAt } from '../timed.ts'
import { cast } from './clients.ts'
import { randomTrouble } from './trouble.ts'

export interface ExactlyOncePlanOptions {
  /** Drawn if absent. */
  readonly protocol?: PresetName
}

const TROUBLE_ENDS_US = 25 * SECOND
const RESTARTS_US = [5, 12, 20].map((seconds) => TROUBLE_ENDS_US + seconds * SECOND)
const ENDS_US = TROUBLE_ENDS_US + 50 * SECOND

/** Those that have transactions. */
const presetNames = (Object.keys(presets) as PresetName[]).filter((name) => presets[name].transactions !== 'none')

/** The plan of a seed: the same seed and options give the same plan. */
export function exactlyOncePlan(seed: number, options: ExactlyOncePlanOptions = {}): ScenarioPlan {
  const all = new RandomStreams(seed)
  const streams = (name: string): RandomStream => all.stream(name)
  const protocol = options.protocol ?? streams('fuzz/protocol').pick(presetNames, 'preset')
  const shape = streams('fuzz/cluster')
  const brokers = ['b1', 'b2', 'b3']
  const topics = ['orders', 'receipts', 'payments'].map((name) => randomTopic(name, shape))
  const players = cast(streams, protocol, topics, TROUBLE_ENDS_US)
  const trouble = randomTrouble(streams, { cast: players, brokers, endUs: TROUBLE_ENDS_US })
  // Whoever shares a transactional id with another one stays down at last: they would go on fencing each other.
  const first = players.applications.filter(({ autostart }) => autostart).map(({ name }) => name)
  const last = [...brokers, ...first, 'p1', ...players.others.map(({ name }) => name)]
  const everybody = ['zk1', ...last]
  const stopped = [...players.applications, ...players.producers]
    .map(({ name }) => name)
    .filter((name) => !last.includes(name))
  const steps = [
    ...inOrder(trouble, TROUBLE_ENDS_US),
    ...(stopped.length === 0 ? [] : [stepAt(TROUBLE_ENDS_US, [stop(stopped)])]),
    healed(TROUBLE_ENDS_US, everybody),
    ...RESTARTS_US.map((us) => restarted(us, everybody)),
  ]
  return soakPlan({
    soak: 'exactly-once',
    trouble: 'Trouble for transactions',
    seed,
    endsUs: ENDS_US,
    cluster: {
      protocol,
      zookeeper: 1,
      brokers: brokers.length,
      brokerConfig: randomBrokerConfig(shape),
      network: { latencyUs: { low: 500, high: shape.pick([1500, 3000, 8000], 'latency') } },
      topics,
      clients: [...players.producers, ...players.applications, ...players.others],
    },
    steps,
  })
}

const stop = (names: readonly string[]): Action => ({ do: 'crash', span: nowhere, targets: machines(...names) })

function randomBrokerConfig(random: RandomStream): Record<string, unknown> {
  return {
    'zookeeper.session.timeout.ms': random.pick([4000, 6000], 'session timeout'),
    'replica.lag.time.max.ms': random.pick([1000, 5000], 'lag time'),
    'replica.socket.timeout.ms': random.pick([3000, 30_000], 'replica socket timeout'),
    'controller.socket.timeout.ms': random.pick([3000, 30_000], 'controller socket timeout'),
    'controlled.shutdown.retry.backoff.ms': 1000,
    'offsets.topic.num.partitions': random.pick([1, 3], 'offsets partitions'),
    'transaction.state.log.num.partitions': random.pick([1, 3], 'transaction partitions'),
    // So small that a new coordinator reads its partition in several turns.
    'transaction.state.log.load.buffer.size': random.pick([2000, 5_242_880], 'load buffer'),
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
    'request.timeout.ms': random.pick([2000, 30_000], 'request timeout'),
    'group.initial.rebalance.delay.ms': 0,
  }
}

const randomTopic = (name: string, random: RandomStream): TopicPlan => ({
  name,
  partitions: random.intBetween(1, 2, `partitions of ${name}`),
  replicationFactor: 3,
  config: { 'min.insync.replicas': 2, 'unclean.leader.election.enable': false },
})
