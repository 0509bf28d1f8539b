/** Clients of Kafka: old producers and simple consumers, with their configuration and workload. */
import { type ConfigTable, checkValue, configValues, producerConfigTable } from '../../../../src/config/index.ts'
import type { ClientPlan, WorkloadPlan } from '../../plan.ts'
import { readDuration, readRange, readSize } from '../formats.ts'
import { nearest } from '../nearest.ts'
import { type ConfigOverrides, configTables } from '../overrides.ts'
import type { Report } from '../report.ts'
import { type Located, oneOrMore, quoted } from '../source.ts'
import type { ClientInput, Inherited } from './clients.ts'
import { kindWords, type Names } from './names.ts'
import type { Partitioners } from './partitioners.ts'

const DEFAULT_VALUE_BYTES = 100

export function compileKafkaClient(
  kind: 'producer' | 'consumer',
  client: Located<ClientInput>,
  chain: ReadonlyArray<Located<ClientInput>>,
  inherited: Inherited,
  overrides: ConfigOverrides,
  names: Names,
  report: Report,
  partitioners: Partitioners,
): ClientPlan | undefined {
  const { config, places } = configOf(kind, client, chain, overrides, report)
  const release = inherited('release')
  const common = {
    name: client.name,
    config,
    bootstrap: bootstrapOf(inherited, names),
    ...(release === undefined ? {} : { release: release.value }),
  }
  if (kind === 'producer') {
    const workload = compileWorkload(inherited('sends'), names, report)
    checkProducer(client, inherited('producer')!.value as 'sync' | 'async', config, places, overrides, report)
    const named = places.get('partitioner.class')
    const partitioner = named === undefined ? undefined : partitioners.find(named as Located<string>)
    return {
      kind,
      ...common,
      ...(partitioner === undefined ? {} : { partitioner }),
      ...(workload === undefined ? {} : { workload }),
    }
  }
  const reads = inherited('reads')
  if (reads === undefined) {
    report.error('KS103', client.keyPlace, `consumer "${client.name}" does not say what it reads`, {
      expected: 'reads: topic-number, like orders-0',
    })
    return undefined
  }
  const partition = names.partition(reads.place, reads.text)
  const broker = inherited('broker')
  if (broker !== undefined) names.broker(broker)
  return {
    kind,
    ...common,
    ...(partition ?? { topic: '', partition: 0 }),
    from: (inherited('from')?.value ?? 'earliest') as number | 'earliest' | 'latest',
    ...(broker === undefined ? {} : { broker: broker.value }),
  }
}

/** Brokers that a client asks for metadata first; none: all. */
export function bootstrapOf(inherited: Inherited, names: Names): readonly string[] {
  const bootstrap = inherited('bootstrap')
  if (bootstrap === undefined) return []
  return oneOrMore<string>(bootstrap as Located<string | readonly string[]>)
    .filter((one) => names.broker(one) !== undefined)
    .map((one) => one.value)
}

/**
 * What the client and those that it is like say of its configuration, the command line laid over it, and where each key
 * stands. Keys of other kinds of clients that it inherits are nothing to it.
 */
export function configOf(
  kind: ConfiguredKind,
  client: Located<ClientInput>,
  chain: ReadonlyArray<Located<ClientInput>>,
  overrides: ConfigOverrides,
  report: Report,
): { readonly config: Record<string, unknown>; readonly places: ReadonlyMap<string, Located> } {
  const table: ConfigTable = configTables[kind]
  const config: Record<string, unknown> = {}
  const places = new Map<string, Located>()
  for (const one of [...chain].reverse()) {
    for (const [key, value] of one.field('config')?.fields ?? []) {
      const problem = checkValue(table, key, value.value)
      if (problem === undefined) {
        config[key] = value.value
        places.set(key, value)
      } else if (problem.problem === 'bad-value') {
        const { expected } = problem
        const text = `${quoted(key)} of a ${kindWords[kind]} cannot be ${quoted(value.text)}`
        report.error('KS202', value.place, text, { expected })
      } else if (one === client) {
        const those = kinds
          .filter((other) => Object.hasOwn(configTables[other], key))
          .map((other) => `${kindWords[other]}s`)
        const text = `${quoted(key)} is a key of ${those.join(', ').replace(/, ([^,]*)$/, ' and $1')}; "${client.name}" is a ${kindWords[kind]}`
        report.error('KS203', value.keyPlace, text, {
          suggestion: counterpart(key, table) ?? nearest(key, Object.keys(table)),
        })
      }
    }
  }
  for (const [key, value] of Object.entries(overrides.of(kind))) {
    config[key] = value
    places.set(key, overrides.node(key)!)
  }
  return { config, places }
}

/** What old and new producers call by different names. */
const counterparts: ReadonlyArray<readonly [old: string, java: string]> = [
  ['request.required.acks', 'acks'],
  ['message.send.max.retries', 'retries'],
  ['compression.codec', 'compression.type'],
  ['queue.buffering.max.ms', 'linger.ms'],
  ['queue.enqueue.timeout.ms', 'max.block.ms'],
  ['batch.num.messages', 'batch.size'],
  ['topic.metadata.refresh.interval.ms', 'metadata.max.age.ms'],
]

function counterpart(key: string, table: ConfigTable): string | undefined {
  const names = counterparts.find((pair) => pair.includes(key)) ?? []
  return names.find((name) => name !== key && Object.hasOwn(table, name))
}

const kinds = ['producer', 'java-producer', 'consumer', 'old-consumer', 'group-consumer'] as const

export type ConfiguredKind = (typeof kinds)[number]

/** `producer: async` says the type; the configuration may say it again, but not otherwise. */
function checkProducer(
  client: Located<ClientInput>,
  type: 'sync' | 'async',
  config: Record<string, unknown>,
  places: ReadonlyMap<string, Located>,
  overrides: ConfigOverrides,
  report: Report,
): void {
  const said = config['producer.type']
  if (said === undefined) {
    // The default need not be said.
    if (type === 'async') config['producer.type'] = type
  } else if (said !== type && !overrides.has('producer.type')) {
    const place = places.get('producer.type')!.place
    report.error('KS304', place, `"${client.name}" is a producer of type ${type}, and its configuration says ${said}`)
  }
  const { 'batch.num.messages': batch, 'queue.buffering.max.messages': queue } = configValues(
    producerConfigTable,
    config,
  )
  if (batch <= queue) return
  const place = (places.get('queue.buffering.max.messages') ?? places.get('batch.num.messages'))!.place
  report.error('KS202', place, `a batch of ${batch} messages does not fit into a queue of ${queue}`, {
    expected: 'batch.num.messages no larger than queue.buffering.max.messages',
  })
}

function transactionOf({
  transaction,
  abortEvery,
}: NonNullable<ClientInput['sends']>): Pick<WorkloadPlan, 'transaction'> {
  if (transaction === undefined) return {}
  return { transaction: { messages: transaction, ...(abortEvery === undefined ? {} : { abortEvery }) } }
}

export function compileWorkload(
  node: Located<NonNullable<ClientInput['sends']>> | undefined,
  names: Names,
  report: Report,
): WorkloadPlan | undefined {
  if (node === undefined) return undefined
  const to = names.destination(node.field('to')!)
  if (to === undefined) return undefined
  const every = node.field('every')!
  const everyUs = readDuration(every.value)
  if (everyUs < 1)
    report.error('KS113', every.place, 'messages without any time between them', { expected: 'at least 1us' })
  const keys = node.field('keys')
  const range = keys === undefined ? undefined : readRange(keys.value)
  if (range !== undefined && range.low > range.high)
    report.error('KS113', keys!.place, 'the range runs backwards', { expected: 'the smaller number first, like 1..20' })
  const { start, count, size } = node.value
  return {
    topic: to.topic,
    ...(to.partition === undefined ? {} : { partition: to.partition }),
    everyUs,
    startUs: start === undefined ? everyUs : readDuration(start),
    ...(count === undefined ? {} : { count }),
    ...(range === undefined ? {} : { keys: range }),
    sizeBytes: size === undefined ? DEFAULT_VALUE_BYTES : readSize(size),
    ...transactionOf(node.value),
  }
}
