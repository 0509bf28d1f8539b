/** Consumers of 0.9 and later, in groups that a broker coordinates, and the applications around them. */
import { assignors, groupConsumerDefaults, type ProcessingOptions, topicPattern } from '../../../../src/client/index.ts'
import {
  checkValue,
  configValues,
  type GroupConsumerConfig,
  groupConsumerConfigTable,
  javaProducerConfigTable,
} from '../../../../src/config/index.ts'
import { type PresetName, presets } from '../../../../src/versions.ts'
import type { ClientPlan, GroupConsumerPlan } from '../../plan.ts'
import { readDuration } from '../formats.ts'
import { ignoredConsumerKey } from '../ignored-keys.ts'
import type { ConfigOverrides } from '../overrides.ts'
import type { Report } from '../report.ts'
import { type Located, oneOrMore, quoted } from '../source.ts'
import { presetNames } from '../vocabulary.ts'
import type { ClientInput, Inherited } from './clients.ts'
import { checkJavaProducerConfig } from './java-producers.ts'
import { bootstrapOf, configOf } from './kafka-clients.ts'
import type { Names } from './names.ts'

/** Longest stay in one `poll`, unless the file says otherwise. */
const POLL_US = 100_000

/** From which release on the consumer has an assignor (KIP-54), by the names that the setting has here. */
const assignorSince: Readonly<Record<string, string>> = { sticky: '0.11' }

export function compileGroupConsumer(
  client: Located<ClientInput>,
  chain: ReadonlyArray<Located<ClientInput>>,
  inherited: Inherited,
  overrides: ConfigOverrides,
  names: Names,
  report: Report,
): ClientPlan | undefined {
  const { protocol } = names
  if (presetNames.indexOf(protocol) < presetNames.indexOf('0.9')) {
    report.error('KS304', inherited('consumer')!.place, `brokers of Kafka ${protocol} coordinate no groups`, {
      expected: 'consumer: high-level, or protocol 0.9 or later',
    })
    return undefined
  }
  const { config, places } = configOf('group-consumer', client, chain, overrides, report)
  const group = groupOf(client, inherited, config, places, report)
  const subscribes = subscriptionOf(client, inherited, names, report)
  const processing = processingOf(inherited('processes'), 'enable.auto.commit', config, places, report)
  checkTransactions(inherited('processes'), processing, protocol, report)
  const others: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(config)) {
    const ignored = ignoredConsumerKey(key, presets[protocol])
    if (ignored !== undefined) report.warning('KS205', places.get(key)!.keyPlace, `Kafka ${protocol} ${ignored.why}`)
    else if (key !== 'group.id') others[key] = value
  }
  checkConfig(others, places, names, report)
  const writes = writesOf(client.name, inherited('processes')?.field('writes'), processing, names, report)
  if (group === undefined || subscribes === undefined) return undefined
  const poll = inherited('processes')?.field('poll')
  return {
    kind: 'group-consumer',
    name: client.name,
    group,
    subscribes,
    config: others,
    bootstrap: bootstrapOf(inherited, names),
    processing,
    ...(writes === undefined ? {} : { writes }),
    pollUs: poll === undefined ? POLL_US : readDuration(poll.value),
    autostart: inherited('autostart')?.value ?? true,
  }
}

/** The group by its key or by `group.id`. Undefined after a diagnostic. */
export function groupOf(
  client: Located<ClientInput>,
  inherited: Inherited,
  config: Readonly<Record<string, unknown>>,
  places: ReadonlyMap<string, Located>,
  report: Report,
): string | undefined {
  const named = inherited('group')
  const id = config['group.id'] as string | undefined
  if (named !== undefined && id !== undefined && id !== named.value) {
    const both = `"${client.name}" is in group ${named.value} and in group ${id}`
    report.error('KS304', places.get('group.id')!.place, both)
  }
  const group = named?.value ?? id
  if (group === undefined) {
    report.error('KS103', client.keyPlace, `consumer "${client.name}" does not say which group it is in`, {
      expected: 'group: the name of its group',
    })
  }
  return group
}

function subscriptionOf(
  client: Located<ClientInput>,
  inherited: Inherited,
  names: Names,
  report: Report,
): GroupConsumerPlan['subscribes'] | undefined {
  const own = client.field('pattern') ?? (client.field('subscribes') === undefined ? inherited('pattern') : undefined)
  const topics = client.field('subscribes') ?? (own === undefined ? inherited('subscribes') : undefined)
  if (own !== undefined && topics !== undefined) {
    report.error('KS304', own.keyPlace, `"${client.name}" has both "subscribes" and "pattern"`)
    return undefined
  }
  if (own !== undefined) {
    if (topicPattern(own.text) !== undefined) return { pattern: own.text }
    report.error('KS102', own.place, `${quoted(own.text)} is no regular expression`, {
      expected: 'an expression that whole names of topics fit, like orders.*',
    })
    return undefined
  }
  if (topics === undefined) {
    report.error('KS103', client.keyPlace, `consumer "${client.name}" does not say what it reads`, {
      expected: 'subscribes: topics, or pattern: a regular expression',
    })
    return undefined
  }
  if ((topics as Located).fields.size > 0) {
    report.error('KS102', topics.place, `"${client.name}" has no streams: it is one consumer`, {
      expected: 'a list of topics, like [orders]',
    })
    return undefined
  }
  const found = oneOrMore<string>(topics as Located<string | readonly string[]>).flatMap(
    (one) => names.topic(one.place, one.text)?.name ?? [],
  )
  return { topics: found }
}

function checkTransactions(
  node: Located<NonNullable<ClientInput['processes']>> | undefined,
  { commits }: ProcessingOptions,
  protocol: PresetName,
  report: Report,
): void {
  if (commits !== 'transaction') return
  const place = node!.field('commit')!.keyPlace
  if (node!.field('writes') === undefined) {
    report.error('KS304', place, 'offsets go in a transaction only with something that is written in it', {
      expected: 'writes: { to: … } beside it',
    })
  }
  if (presets[protocol].transactions === 'none') {
    report.error('KS304', place, `Kafka ${protocol} has no transactions`, { expected: 'protocol 0.11 or later' })
  }
}

/** What the application writes, and how. */
function writesOf(
  name: string,
  node: Located<NonNullable<NonNullable<ClientInput['processes']>['writes']>> | undefined,
  { commits, handsOver }: ProcessingOptions,
  names: Names,
  report: Report,
): GroupConsumerPlan['writes'] {
  if (node === undefined) return undefined
  const to = node.field('to')!
  const topic = names.topic(to.place, to.text)
  const config: Record<string, unknown> = commits === 'transaction' ? { 'transactional.id': name } : {}
  const places = new Map<string, Located>()
  for (const [key, field] of node.field('config')?.fields ?? []) {
    const problem = checkValue(javaProducerConfigTable, key, field.value)
    if (problem === undefined) {
      config[key] = field.value
      places.set(key, field)
    } else if (problem.problem === 'bad-value') {
      const { expected } = problem
      report.error('KS202', field.place, `${quoted(key)} of a Java producer cannot be ${quoted(field.text)}`, {
        expected,
      })
    } else report.error('KS203', field.keyPlace, `${quoted(key)} is no key of Java producers`)
  }
  checkJavaProducerConfig(config, places, names, report)
  const isTransactional = config['transactional.id'] !== undefined
  if (isTransactional && commits !== 'transaction') {
    report.error('KS304', node.keyPlace, 'an application that writes in transactions commits its offsets in them', {
      expected: 'commit: transaction beside it',
    })
  }
  if (handsOver) {
    report.error(
      'KS304',
      node.keyPlace,
      'what another thread does is not written: "handsOver" and "writes" do not go together',
    )
  }
  return topic === undefined ? undefined : { topic: topic.name, config }
}

/** What is not said of the commit follows from the consumer's own setting, which is on by default. */
export function processingOf(
  node: Located<NonNullable<ClientInput['processes']>> | undefined,
  setting: 'enable.auto.commit' | 'auto.commit.enable',
  config: Readonly<Record<string, unknown>>,
  places: ReadonlyMap<string, Located>,
  report: Report,
): ProcessingOptions {
  const { takes, commit, waits = true, handsOver = false } = node?.value ?? {}
  const automatic = config[setting] as boolean | undefined
  if (commit === 'auto' && automatic === false) {
    const place = places.get(setting)!.place
    report.error('KS304', place, 'the application leaves commits to the consumer, which is told not to commit')
  }
  const commits = commit ?? (automatic === false ? 'never' : 'auto')
  const waiting = node?.field('waits')
  if (waiting !== undefined && (commits === 'auto' || commits === 'never')) {
    report.error('KS304', waiting.keyPlace, '"waits" is for commits of the application: it makes none', {
      expected: 'commit: before, after or after-each beside it',
    })
  }
  return { eachUs: takes === undefined ? 0 : readDuration(takes), commits, withoutWaiting: !waits, handsOver }
}

/** What the consumer itself refuses as it is constructed (`ConsumerConfig`, `Heartbeat`, `KafkaConsumer`). */
function checkConfig(
  config: Readonly<Record<string, unknown>>,
  places: ReadonlyMap<string, Located>,
  { protocol }: Names,
  report: Report,
): void {
  const values: GroupConsumerConfig = configValues(groupConsumerConfigTable, groupConsumerDefaults(protocol), config)
  const at = (...keys: readonly string[]): Located['place'] => places.get(keys.find((key) => places.has(key))!)!.place
  const strategy = values['partition.assignment.strategy']
  const since = assignorSince[strategy]
  if (since !== undefined && presetNames.indexOf(protocol) < presetNames.indexOf(since as typeof protocol)) {
    report.error('KS202', at('partition.assignment.strategy'), `Kafka ${protocol} has no assignor ${strategy}`, {
      expected: [...assignors.keys()].filter((name) => assignorSince[name] === undefined).join(' or '),
    })
  }
  const session = values['session.timeout.ms']
  if (values['heartbeat.interval.ms'] >= session) {
    report.error(
      'KS202',
      at('heartbeat.interval.ms', 'session.timeout.ms'),
      `a heartbeat every ${values['heartbeat.interval.ms']} ms is too seldom for a session of ${session} ms`,
      { expected: 'heartbeat.interval.ms below session.timeout.ms' },
    )
  }
  // KIP-266 did away with it.
  const isChecked = presetNames.indexOf(protocol) < presetNames.indexOf('2.0')
  const longest = Math.max(session, values['fetch.max.wait.ms'])
  if (isChecked && values['request.timeout.ms'] <= longest) {
    report.error(
      'KS202',
      at('request.timeout.ms', 'session.timeout.ms', 'fetch.max.wait.ms'),
      `requests time out after ${values['request.timeout.ms']} ms, before the answers that may take ${longest} ms`,
      { expected: 'request.timeout.ms above session.timeout.ms and fetch.max.wait.ms' },
    )
  }
}
