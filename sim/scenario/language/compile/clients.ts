/** Producers and consumers; `like` copies another client before its own keys are laid over. */
import type { z } from 'zod'
import type { ClientPlan, WorkloadPlan } from '../../plan.ts'
import { readDuration, readRange, readSize } from '../formats.ts'
import { nearest } from '../nearest.ts'
import { type ConfigOverrides, configTables } from '../overrides.ts'
import type { Report } from '../report.ts'
import type { clientSchema } from '../schema/cluster.ts'
import { entries, type Located, oneOrMore, quoted } from '../source.ts'
import type { Names } from './names.ts'

export type ClientInput = z.infer<typeof clientSchema>
type Field = keyof ClientInput & string

const DEFAULT_VALUE_BYTES = 100

const onlyOf: Readonly<Record<ClientPlan['kind'], readonly Field[]>> = {
  producer: ['sends'],
  consumer: ['reads', 'from', 'broker'],
}

export function compileClients(
  node: Located<Record<string, ClientInput>> | undefined,
  overrides: ConfigOverrides,
  names: Names,
  report: Report,
): void {
  const all = new Map(entries<ClientInput>(node).map((client) => [client.name, client]))
  for (const client of all.values()) {
    if (
      /^(?:b|zk)\d+$/.test(client.name) ||
      ['admin', 'all', 'any', 'none', 'controller', 'zk-leader'].includes(client.name)
    ) {
      report.error(
        'KS112',
        client.keyPlace,
        `a client cannot be called ${quoted(client.name)}: machines and selectors are`,
        { expected: 'another name, like p1 or reader' },
      )
      continue
    }
    const chain = lineage(client, all, report)
    if (chain === undefined) {
      names.unsound.add(client.name)
      continue
    }
    const plan = compileClient(client, chain, overrides, names, report)
    if (plan === undefined) names.unsound.add(client.name)
    else names.clients.set(client.name, plan)
  }
}

/** The client and those it is like, nearest first; undefined after a diagnostic. */
function lineage(
  client: Located<ClientInput>,
  all: ReadonlyMap<string, Located<ClientInput>>,
  report: Report,
): ReadonlyArray<Located<ClientInput>> | undefined {
  const chain = [client]
  for (;;) {
    const like = chain.at(-1)!.field('like')
    if (like === undefined) return chain
    const base = all.get(like.value)
    if (base === undefined) {
      report.unknown(
        'KS106',
        like.place,
        `no client ${quoted(like.value)} to be like (${[...all.keys()].join(', ')})`,
        like.value,
        [...all.keys()].filter((name) => name !== client.name),
      )
      return undefined
    }
    if (chain.includes(base)) {
      report.error(
        'KS304',
        like.place,
        `${[...chain.slice(chain.indexOf(base)), base].map((one) => one.name).join(' is like ')}: none of them says what it is`,
      )
      return undefined
    }
    chain.push(base)
  }
}

function compileClient(
  client: Located<ClientInput>,
  chain: ReadonlyArray<Located<ClientInput>>,
  overrides: ConfigOverrides,
  names: Names,
  report: Report,
): ClientPlan | undefined {
  const inherited = <K extends Field>(key: K) => chain.map((one) => one.field(key)).find((one) => one !== undefined)
  const kinds = (['producer', 'consumer'] as const).filter((kind) => inherited(kind) !== undefined)
  if (kinds.length === 0) {
    report.error('KS103', client.keyPlace, `client "${client.name}" does not say what it is`, {
      expected: 'producer: sync, consumer: simple, or like: another client',
    })
    return undefined
  }
  if (kinds.length === 2) {
    report.error('KS304', client.keyPlace, `client "${client.name}" is both a producer and a consumer`, {
      expected: 'two clients',
    })
    return undefined
  }
  const kind = kinds[0]!
  const other = kind === 'producer' ? 'consumer' : 'producer'
  for (const key of onlyOf[other]) {
    const field = client.field(key)
    if (field !== undefined)
      report.error('KS304', field.keyPlace, `${quoted(key)} is for ${other}s; "${client.name}" is a ${kind}`)
  }
  const config: Record<string, unknown> = {}
  for (const one of [...chain].reverse()) {
    for (const [key, value] of one.field('config')?.fields ?? []) {
      if (Object.hasOwn(configTables[kind], key)) config[key] = value.value
      else if (one === client) {
        report.error('KS203', value.keyPlace, `${quoted(key)} is a key of ${other}s; "${client.name}" is a ${kind}`, {
          suggestion: nearest(key, Object.keys(configTables[kind])),
        })
      }
    }
  }
  Object.assign(config, overrides.of(kind))
  const bootstrap = inherited('bootstrap')
  const brokers =
    bootstrap === undefined
      ? []
      : oneOrMore<string>(bootstrap as Located<string | readonly string[]>).filter(
          (one) => names.broker(one) !== undefined,
        )
  const common = { name: client.name, config, bootstrap: brokers.map((one) => one.value) }
  if (kind === 'producer') {
    const workload = compileWorkload(inherited('sends'), names, report)
    return { kind, ...common, ...(workload === undefined ? {} : { workload }) }
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

function compileWorkload(
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
  }
}
