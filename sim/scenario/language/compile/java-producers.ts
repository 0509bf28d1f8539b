/** Java producers, the ones of kafka-clients, with their configuration and workload. */
import {
  acksOf,
  javaPartitionerNames,
  javaProducerConfig,
  maxInFlightOfIdempotence,
} from '../../../../src/client/index.ts'
import { presets } from '../../../../src/versions.ts'
import type { ClientPlan } from '../../plan.ts'
import { ignoredProducerKey } from '../ignored-keys.ts'
import { nearest } from '../nearest.ts'
import type { ConfigOverrides } from '../overrides.ts'
import type { Report } from '../report.ts'
import { type Located, quoted } from '../source.ts'
import type { ClientInput, Inherited } from './clients.ts'
import { bootstrapOf, compileWorkload, configOf } from './kafka-clients.ts'
import type { Names } from './names.ts'

export function compileJavaProducer(
  client: Located<ClientInput>,
  chain: ReadonlyArray<Located<ClientInput>>,
  inherited: Inherited,
  overrides: ConfigOverrides,
  names: Names,
  report: Report,
): ClientPlan {
  const { protocol } = names
  const { config, places } = configOf('java-producer', client, chain, overrides, report)
  if (presets[protocol].javaProducer === 'none') {
    report.error('KS304', inherited('producer')!.place, `Kafka ${protocol} has no Java producer to be used`, {
      expected: 'producer: sync or async, or protocol 0.8.2 or later',
    })
  }
  checkJavaProducerConfig(config, places, names, report)
  checkTransactions(inherited('sends'), config, report)
  const workload = compileWorkload(inherited('sends'), names, report)
  return {
    kind: 'java-producer',
    name: client.name,
    config,
    bootstrap: bootstrapOf(inherited, names),
    ...(workload === undefined ? {} : { workload }),
    ...(inherited('autostart')?.value === false ? { autostart: false } : {}),
  }
}

/** Transactions need an id. */
function checkTransactions(
  sends: Located<NonNullable<ClientInput['sends']>> | undefined,
  config: Readonly<Record<string, unknown>>,
  report: Report,
): void {
  const asked = sends?.field('transaction')
  if (asked === undefined || config['transactional.id'] !== undefined) return
  report.error('KS304', asked.keyPlace, 'a producer without transactional.id writes no transactions', {
    expected: 'config: { transactional.id: … }',
  })
}

export function checkJavaProducerConfig(
  config: Readonly<Record<string, unknown>>,
  places: ReadonlyMap<string, Located>,
  { protocol }: Names,
  report: Report,
): void {
  const versions = presets[protocol]
  for (const [key, node] of places) {
    const ignored = ignoredProducerKey(key, versions)
    if (ignored !== undefined) report.warning('KS205', node.keyPlace, `Kafka ${protocol} ${ignored.why}`)
  }
  const partitioner = places.get('partitioner.class')
  const known = javaPartitionerNames(versions)
  if (partitioner !== undefined && !known.includes(partitioner.text)) {
    report.error('KS110', partitioner.place, `no partitioner class ${quoted(partitioner.text)} of Java producers`, {
      suggestion: nearest(partitioner.text, known),
      expected: `one of ${known.join(', ')}`,
    })
  }
  const values = javaProducerConfig(protocol, config)
  const isTransactional = config['transactional.id'] !== undefined && versions.transactions !== 'none'
  if (isTransactional && config['enable.idempotence'] === false) {
    report.error('KS202', places.get('enable.idempotence')!.place, 'transactions need enable.idempotence', {
      expected: 'true',
    })
  }
  if ((isTransactional || config['enable.idempotence'] === true) && versions.idempotence !== 'none') {
    const most = maxInFlightOfIdempotence(protocol)
    const refuse = (key: string, isRefused: boolean, expected: string): void => {
      const place = places.get(key)
      if (isRefused && place !== undefined)
        report.error('KS202', place.place, `${key} cannot be ${place.text} with enable.idempotence`, { expected })
    }
    refuse('acks', acksOf(values) !== -1, 'all')
    refuse('retries', values.retries === 0, 'at least 1')
    const inFlight = 'max.in.flight.requests.per.connection'
    refuse(inFlight, values[inFlight] > most, `at most ${most}`)
  }
  const compression = places.get('compression.type')
  if (values['compression.type'] === 'zstd' && versions.codecs !== 'with-zstd' && compression !== undefined) {
    report.error('KS202', compression.place, `Kafka ${protocol} knows no zstd`, {
      expected: 'none, gzip, snappy or lz4, or protocol 2.1 or later',
    })
  }
  const delivery = places.get('delivery.timeout.ms')
  const least = values['linger.ms'] + values['request.timeout.ms']
  if (
    delivery !== undefined &&
    versions.batchExpiry === 'by-delivery-timeout' &&
    values['delivery.timeout.ms'] < least
  ) {
    report.error('KS202', delivery.place, `delivery.timeout.ms must have room for linger.ms and request.timeout.ms`, {
      expected: `at least ${least}`,
    })
  }
}
