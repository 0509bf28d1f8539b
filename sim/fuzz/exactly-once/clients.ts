/** Who reads and writes: a source, applications that read and write in transactions, a producer of plain ones, readers. */
import type { RandomStream } from '../../../src/host/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import type { ClientPlan, GroupConsumerPlan, JavaProducerPlan, TopicPlan } from '../../scenario/plan.ts'
import { MILLISECOND, SECOND } from '../timed.ts'

export interface Cast {
  /** The application that reads orders and writes receipts, and others that take over from it or stand beside it. */
  readonly applications: readonly GroupConsumerPlan[]
  /** Producers of one transactional id: the first one, and those that take over from it. */
  readonly producers: readonly JavaProducerPlan[]
  readonly others: readonly ClientPlan[]
}

/** Low limits, so that what they guard against happens within the time of trouble. */
function producerConfig(random: RandomStream): Record<string, unknown> {
  const requestMs = random.pick([1000, 2000], 'request timeout')
  return {
    'request.timeout.ms': requestMs,
    // From 2.1: as soon as a request is given up, or after some attempts.
    'delivery.timeout.ms': requestMs * random.pick([1, 1, 4], 'delivery timeout'),
    'transaction.timeout.ms': random.pick([3000, 8000], 'transaction timeout'),
    'max.block.ms': random.pick([2000, 60_000], 'max block'),
    'metadata.max.age.ms': 5000,
    'linger.ms': 0,
  }
}

export function cast(
  streams: (name: string) => RandomStream,
  protocol: PresetName,
  topics: readonly TopicPlan[],
  endUs: number,
): Cast {
  const versions = presets[protocol]
  const random = streams('fuzz/clients')
  const delivery = versions.batchExpiry === 'by-delivery-timeout'
  const configOf = (): Record<string, unknown> => {
    const { 'delivery.timeout.ms': deliveryMs, ...config } = producerConfig(random)
    return delivery ? { ...config, 'delivery.timeout.ms': deliveryMs } : config
  }
  // Without KIP-447 each transactional id has one application: whoever begins with it fences the one before.
  const beside = versions.transactionalOffsets === 'fenced-by-group' && random.chance(1, 2, 'beside each other')
  const count = random.intBetween(1, 2, 'applications')
  const config = configOf()
  const maxPoll = random.pick([3, 10], 'poll records')
  const eachUs = random.pick([0, 20, 80], 'takes') * MILLISECOND
  const applications = Array.from({ length: count }, (_, i): GroupConsumerPlan => {
    const name = `c${i + 1}`
    return {
      kind: 'group-consumer',
      name,
      group: 'billing',
      subscribes: { topics: ['orders'] },
      config: {
        'auto.offset.reset': 'earliest',
        'session.timeout.ms': 6000,
        'heartbeat.interval.ms': 1000,
        'max.poll.records': maxPoll,
        'isolation.level': 'read_committed',
        'request.timeout.ms': versions.memberIds === 'asked-for-first' ? 4000 : 310_000,
        'metadata.max.age.ms': 5000,
      },
      bootstrap: [],
      processing: { eachUs, commits: 'transaction', withoutWaiting: false, handsOver: false },
      pollUs: 100 * MILLISECOND,
      autostart: i === 0 || beside,
      writes: { topic: 'receipts', config: { ...config, 'transactional.id': beside ? name : 'billing' } },
    }
  })
  const plain = configOf()
  const workload = {
    topic: 'payments',
    everyUs: random.pick([60, 150], 'every') * MILLISECOND,
    startUs: 3 * SECOND,
    sizeBytes: 20,
    transaction: {
      messages: random.intBetween(1, 4, 'messages of a transaction'),
      ...(random.chance(1, 2, 'aborts') ? { abortEvery: random.intBetween(2, 4, 'abort every') } : {}),
    },
  }
  const producers = ['p1', 'p2'].slice(0, random.intBetween(1, 2, 'producers')).map(
    (name, i): JavaProducerPlan => ({
      kind: 'java-producer',
      name,
      config: { ...plain, 'transactional.id': 'payments' },
      bootstrap: [],
      workload: { ...workload, count: Math.floor((endUs - workload.startUs) / workload.everyUs) },
      ...(i === 0 ? {} : { autostart: false }),
    }),
  )
  const source: JavaProducerPlan = {
    kind: 'java-producer',
    name: 'source',
    config: { 'enable.idempotence': true, 'request.timeout.ms': 2000, 'metadata.max.age.ms': 5000 },
    bootstrap: [],
    workload: {
      topic: 'orders',
      everyUs: 150 * MILLISECOND,
      startUs: 2 * SECOND,
      count: Math.floor(endUs / (150 * MILLISECOND)),
      keys: { low: 1, high: 6 },
      sizeBytes: 20,
    },
  }
  const readers = topics
    .filter(({ name }) => name !== 'orders')
    .flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition): ClientPlan => {
        const isCommitted = { 'isolation.level': 'read_committed', 'socket.timeout.ms': 3000 }
        return {
          kind: 'consumer',
          name: `${name}-reader-${partition}`,
          topic: name,
          partition,
          from: 'earliest',
          config: isCommitted,
          bootstrap: [],
        }
      }),
    )
  return { applications, producers, others: [source, ...readers] }
}
