/** High-level consumers of 0.8: members of groups that form through ZooKeeper. */
import { type ProcessingOptions, topicFilter, topicPattern } from '../../../../src/client/index.ts'
import type { ClientPlan, OldConsumerPlan } from '../../plan.ts'
import { readDuration } from '../formats.ts'
import type { ConfigOverrides } from '../overrides.ts'
import type { Report } from '../report.ts'
import { type Located, oneOrMore, quoted } from '../source.ts'
import type { ClientInput, Inherited } from './clients.ts'
import { groupOf, processingOf } from './group-consumers.ts'
import { configOf } from './kafka-clients.ts'
import type { Names } from './names.ts'

export function compileOldConsumer(
  client: Located<ClientInput>,
  chain: ReadonlyArray<Located<ClientInput>>,
  inherited: Inherited,
  overrides: ConfigOverrides,
  names: Names,
  report: Report,
): ClientPlan | undefined {
  const { config, places } = configOf('old-consumer', client, chain, overrides, report)
  const { 'group.id': _, ...others } = config
  const group = groupOf(client, inherited, config, places, report)
  const subscription = compileSubscription(client, inherited, names, report)
  if (group === undefined || subscription === undefined) return undefined
  const servers = inherited('server')
  const release = inherited('release')
  return {
    kind: 'old-consumer',
    name: client.name,
    group,
    config: others,
    servers:
      servers === undefined
        ? []
        : oneOrMore<string>(servers as Located<string | readonly string[]>).flatMap(
            (one) => names.zooKeeperServer(one) ?? [],
          ),
    subscription,
    processing: applicationOf(inherited, config, places, report),
    autostart: inherited('autostart')?.value ?? true,
    ...(release === undefined ? {} : { release: release.value }),
  }
}

/** `processes`, or only how long a message takes. */
function applicationOf(
  inherited: Inherited,
  config: Readonly<Record<string, unknown>>,
  places: ReadonlyMap<string, Located>,
  report: Report,
): ProcessingOptions {
  const short = inherited('processing')
  const node = inherited('processes')
  const processing = processingOf(node, 'auto.commit.enable', config, places, report)
  if (processing.commits === 'transaction') {
    report.error('KS304', node!.field('commit')!.place, 'a high-level consumer commits in no transaction')
  }
  if (short === undefined) {
    for (const key of ['waits', 'poll', 'writes'] as const) {
      const field = node?.field(key)
      if (field === undefined) continue
      const expected = 'takes, commit, handsOver'
      report.error('KS304', field.keyPlace, `"${key}" is for consumers of coordinated groups`, { expected })
    }
    return { ...processing, withoutWaiting: false }
  }
  if (node !== undefined) {
    report.error('KS304', short.keyPlace, '"processing" says what "takes" says: both are too many', {
      expected: 'processes: { takes: … }',
    })
  }
  return { ...processing, eachUs: readDuration(short.value) }
}

function compileSubscription(
  client: Located<ClientInput>,
  inherited: Inherited,
  names: Names,
  report: Report,
): OldConsumerPlan['subscription'] | undefined {
  const streams = inherited('streams')?.value ?? 1
  const keys = (['subscribes', 'whitelist', 'blacklist'] as const).filter((key) => client.field(key) !== undefined)
  const own =
    keys.length > 0 ? keys : (['subscribes', 'whitelist', 'blacklist'] as const).filter((key) => inherited(key))
  const [key, other] = own
  if (key === undefined) {
    report.error('KS103', client.keyPlace, `consumer "${client.name}" does not say what it reads`, {
      expected: 'subscribes: topics, or whitelist or blacklist: a regular expression',
    })
    return undefined
  }
  if (other !== undefined) {
    report.error('KS304', inherited(other)!.keyPlace, `"${client.name}" has both ${quoted(key)} and ${quoted(other)}`)
    return undefined
  }
  if (key !== 'subscribes') {
    const node = inherited(key)!
    const { regex } = topicFilter('white_list', node.text)
    if (topicPattern(regex) === undefined) {
      report.error('KS102', node.place, `${quoted(node.text)} is no regular expression`, {
        expected: 'an expression that whole names of topics fit, like orders.* or orders,payments',
      })
      return undefined
    }
    return { filter: key === 'whitelist' ? 'white_list' : 'black_list', regex: node.text, streams }
  }
  const topics: Array<{ readonly topic: string; readonly streams: number }> = []
  const add = (topic: string, place: Located['place'], count: number): void => {
    if (names.topic(place, topic) !== undefined) topics.push({ topic, streams: count })
  }
  const node = inherited('subscribes')! as Located
  if (node.fields.size > 0) for (const [topic, count] of node.fields) add(topic, count.keyPlace, count.value as number)
  else
    for (const one of oneOrMore<string>(node as Located<string | readonly string[]>)) add(one.text, one.place, streams)
  return { topics }
}
