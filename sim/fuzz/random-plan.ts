/**
 * A small cluster with random trouble, as a scenario plan: what the soak runs. Everything is drawn from named streams of
 * the seed, one stream a fault, so that leaving one fault out leaves the others as they were.
 *
 * Swarm: each family of faults is off in half of the runs, so that some runs are all power losses and others all cuts.
 * Two phases: faults, each with an end of its own, and then everything is healed and started again.
 */
import type { RandomStream } from '../../src/host/index.ts'
import { type PresetName, presets } from '../../src/versions.ts'
import { RandomStreams } from '../kernel/index.ts'
import type { Action, ClientPlan, ScenarioPlan, SourceSpan, StepPlan, Targets, TopicPlan } from '../scenario/plan.ts'
import { soakPlan } from './soak-plan.ts'

const SECOND = 1_000_000
const MILLISECOND = 1_000
const nowhere: SourceSpan = { line: 1, column: 1, length: 1 }

export const faultFamilies = [
  'crash',
  'power',
  'pause',
  'cut',
  'stall',
  'session',
  'reset',
  'shutdown',
  'disk',
] as const
export type FaultFamily = (typeof faultFamilies)[number]

const presetNames = Object.keys(presets) as PresetName[]

export interface RandomPlanOptions {
  /** Drawn from all presets if left out. */
  readonly protocol?: PresetName
  /** Virtual seconds in which faults begin. */
  readonly faultSeconds?: number
  /** Virtual seconds after the heal. */
  readonly quietSeconds?: number
}

/** The plan of a seed: the same seed and options give the same plan. */
export function randomPlan(seed: number, options: RandomPlanOptions = {}): ScenarioPlan {
  const all = new RandomStreams(seed)
  const streams = (name: string): RandomStream => all.stream(name)
  const protocol = options.protocol ?? streams('fuzz/protocol').pick(presetNames, 'protocol')
  const faultsEndUs = (options.faultSeconds ?? 25) * SECOND
  const endsUs = faultsEndUs + (options.quietSeconds ?? 20) * SECOND
  const shape = streams('fuzz/cluster')
  const topics = randomTopics(shape)
  return soakPlan({
    soak: 'random',
    trouble: 'Random trouble',
    seed,
    endsUs,
    cluster: {
      protocol,
      zookeeper: 3,
      brokers: 3,
      brokerConfig: randomBrokerConfig(shape),
      network: { latencyUs: { low: 500, high: shape.pick([1500, 3000, 8000], 'latency') } },
      topics,
      clients: randomClients(streams('fuzz/clients'), topics),
    },
    steps: [...randomFaults(streams, faultsEndUs), healed(faultsEndUs), startedAgain(faultsEndUs + 7 * SECOND)],
  })
}

/** Limits are drawn low, so that what they guard against happens within half a minute. */
function randomBrokerConfig(random: RandomStream): Record<string, unknown> {
  return {
    'zookeeper.session.timeout.ms': random.pick([4000, 6000], 'session timeout'),
    'replica.lag.time.max.ms': random.pick([1000, 3000, 10_000], 'lag time'),
    'replica.lag.max.messages': random.pick([5, 100, 4000], 'lag messages'),
    'replica.high.watermark.checkpoint.interval.ms': random.pick([500, 2000, 5000], 'checkpoint interval'),
    'log.flush.interval.messages': random.pick([1, 20, Number.MAX_SAFE_INTEGER], 'flush interval'),
    'replica.fetch.wait.max.ms': random.pick([100, 500], 'fetch wait'),
    'replica.socket.timeout.ms': random.pick([3000, 30_000], 'replica socket timeout'),
    'controller.socket.timeout.ms': random.pick([3000, 30_000], 'controller socket timeout'),
    'leader.imbalance.check.interval.seconds': random.pick([5, 300], 'imbalance check'),
    'controlled.shutdown.retry.backoff.ms': 1000,
  }
}

function randomTopics(random: RandomStream): TopicPlan[] {
  const count = random.intBetween(1, 2, 'topics')
  return ['orders', 'payments'].slice(0, count).map((name) => ({
    name,
    partitions: random.intBetween(1, 2, 'partitions'),
    replicationFactor: random.pick([3, 3, 2], 'replication factor'),
    config: {
      'min.insync.replicas': random.intBetween(1, 2, 'min isr'),
      'unclean.leader.election.enable': random.chance(1, 2, 'unclean'),
      ...(random.chance(1, 3, 'small segments') ? { 'segment.bytes': 2000 } : {}),
    },
  }))
}

function randomClients(random: RandomStream, topics: readonly TopicPlan[]): ClientPlan[] {
  const clients: ClientPlan[] = []
  const producers = random.intBetween(2, 3, 'producers')
  for (let i = 1; i <= producers; i++) {
    const keyed = random.chance(1, 2, 'keys')
    clients.push({
      kind: 'producer',
      name: `p${i}`,
      bootstrap: [],
      config: {
        'request.required.acks': random.pick([-1, -1, 1, 0], 'acks'),
        'request.timeout.ms': random.pick([1500, 10_000], 'request timeout'),
        'retry.backoff.ms': random.pick([100, 1000], 'retry backoff'),
        'message.send.max.retries': random.pick([0, 3, 10], 'retries'),
      },
      workload: {
        topic: random.pick(topics, 'topic').name,
        everyUs: random.pick([50, 150, 400], 'every') * MILLISECOND,
        startUs: random.intBetween(1000, 6000, 'start') * MILLISECOND,
        sizeBytes: random.pick([20, 200], 'size'),
        ...(keyed ? { keys: { low: 1, high: 8 } } : {}),
      },
    })
  }
  for (const topic of topics) {
    for (let partition = 0; partition < topic.partitions; partition++) {
      const name = `reader-${topic.name}-${partition}`
      clients.push({
        kind: 'consumer',
        name,
        topic: topic.name,
        partition,
        from: random.pick(['earliest', 'latest'] as const, 'from'),
        config: { 'socket.timeout.ms': 3000 },
        bootstrap: [],
      })
    }
  }
  return clients
}

type Step = Omit<StepPlan, 'index'>
type Timed = { readonly us: number; readonly action: Action }

const machines = (...names: string[]): Targets => names.map((name) => ({ select: 'machine', name }))
const brokers = ['b1', 'b2', 'b3']
const servers = ['zk1', 'zk2', 'zk3']

function randomFaults(streams: (name: string) => RandomStream, endUs: number): Step[] {
  const swarm = streams('fuzz/swarm')
  const families = faultFamilies.filter((family) => swarm.chance(1, 2, `family ${family}`))
  if (families.length === 0) return []
  const timed: Timed[] = []
  const count = swarm.intBetween(2, 14, 'faults')
  for (let i = 0; i < count; i++) {
    const random = streams(`fuzz/fault-${i}`)
    const us = random.intBetween(3 * SECOND, endUs - SECOND, 'when')
    timed.push(...fault(random, random.pick(families, 'family'), us))
  }
  // Ties keep the order in which they were drawn: sorting is stable.
  timed.sort((a, b) => a.us - b.us)
  return timed.filter(({ us }) => us < endUs).map(({ us, action }) => step(us, [action]))
}

const step = (us: number, actions: readonly Action[]): Step => ({
  span: nowhere,
  trigger: { kind: 'at', us },
  actions,
})

/** A fault and its end. */
function fault(random: RandomStream, family: FaultFamily, us: number): Timed[] {
  // A broker more often than a ZooKeeper server: leaders, ISR and logs are what the runs are about.
  const victim = random.chance(3, 4, 'broker') ? random.pick(brokers, 'broker') : random.pick(servers, 'server')
  const targets = machines(victim)
  const lasts =
    random.pick([200, 1000, 4000, 9000], 'lasts') * MILLISECOND + random.intBelow(1000, 'more') * MILLISECOND
  const untilUs = us + lasts
  const at = (when: number, action: Action): Timed => ({ us: when, action })
  switch (family) {
    case 'crash':
      return [at(us, { do: 'crash', span: nowhere, targets }), at(untilUs, { do: 'restart', span: nowhere, targets })]
    case 'power': {
      // Now and then all brokers at once, as in a data centre.
      const all = random.chance(1, 4, 'all') ? machines(...brokers) : targets
      return [
        at(us, { do: 'powerOff', span: nowhere, targets: all }),
        at(untilUs, { do: 'restart', span: nowhere, targets: all }),
      ]
    }
    case 'pause':
      return [at(us, { do: 'pause', span: nowhere, targets }), at(untilUs, { do: 'resume', span: nowhere, targets })]
    case 'shutdown':
      return [
        at(us, { do: 'shutdown', span: nowhere, targets: machines(random.pick(brokers, 'shut down')) }),
        at(untilUs, { do: 'restart', span: nowhere, targets: machines(...brokers) }),
      ]
    case 'cut':
    case 'stall': {
      const others = [...brokers, ...servers].filter((name) => name !== victim)
      const to = random.chance(1, 2, 'one peer') ? machines(random.pick(others, 'peer')) : machines(...others)
      const oneWay = random.chance(1, 3, 'one way')
      const links = { from: targets, to, oneWay, span: nowhere }
      return [at(us, { do: family, ...links }), at(untilUs, { do: family === 'cut' ? 'heal' : 'release', ...links })]
    }
    case 'session':
      return [at(us, { do: 'expireSession', span: nowhere, targets: machines(random.pick(brokers, 'session of')) })]
    case 'reset':
      return [at(us, { do: 'reset', span: nowhere, from: targets, to: machines(...brokers, ...servers, 'p1') })]
    case 'disk':
      return [
        at(us, { do: 'slowDisk', span: nowhere, targets, perOperationUs: random.pick([500, 5000, 50_000], 'slow by') }),
        at(untilUs, { do: 'slowDisk', span: nowhere, targets, perOperationUs: 0 }),
      ]
  }
}

/** The end of trouble: links heal, and whatever is down or held up runs again. */
function healed(us: number): Step {
  const all = machines(...servers, ...brokers)
  return step(us, [
    { do: 'heal-all', span: nowhere },
    { do: 'release-all', span: nowhere },
    { do: 'slowDisk', span: nowhere, targets: all, perOperationUs: 0 },
    { do: 'resume', span: nowhere, targets: all },
    { do: 'restart', span: nowhere, targets: all },
  ])
}

/** From 0.9 on a broker that finds its own node of an older session does not start: by now that session is over. */
function startedAgain(us: number): Step {
  return step(us, [{ do: 'restart', span: nowhere, targets: machines(...brokers) }])
}
