/** Clients of all kinds; `like` copies another client before its own keys are laid over. */
import type { z } from 'zod'
import type { ClientPlan } from '../../plan.ts'
import { readDuration } from '../formats.ts'
import type { ConfigOverrides } from '../overrides.ts'
import type { Report } from '../report.ts'
import type { clientSchema } from '../schema/cluster.ts'
import { entries, type Located, oneOrMore, quoted } from '../source.ts'
import { compileGroupConsumer } from './group-consumers.ts'
import { compileJavaProducer } from './java-producers.ts'
import { compileKafkaClient } from './kafka-clients.ts'
import { kindWords, type Names } from './names.ts'
import { compileOldConsumer } from './old-consumers.ts'
import type { Partitioners } from './partitioners.ts'

export type ClientInput = z.infer<typeof clientSchema>
type Field = keyof ClientInput & string

type Kind = ClientPlan['kind']

/** Whose a key is; keys that are not here are everybody's. */
const ownersOf: Partial<Readonly<Record<Field, readonly Kind[]>>> = {
  config: ['producer', 'java-producer', 'consumer', 'old-consumer', 'group-consumer'],
  bootstrap: ['producer', 'java-producer', 'consumer', 'group-consumer'],
  release: ['producer', 'consumer', 'old-consumer'],
  sends: ['producer', 'java-producer'],
  reads: ['consumer'],
  from: ['consumer'],
  broker: ['consumer'],
  group: ['old-consumer', 'group-consumer'],
  subscribes: ['old-consumer', 'group-consumer'],
  pattern: ['group-consumer'],
  whitelist: ['old-consumer'],
  blacklist: ['old-consumer'],
  streams: ['old-consumer'],
  processing: ['old-consumer'],
  processes: ['old-consumer', 'group-consumer'],
  autostart: ['old-consumer', 'group-consumer', 'java-producer'],
  server: ['zookeeper', 'contender', 'old-consumer'],
  sessionTimeout: ['zookeeper', 'contender'],
  recipe: ['contender'],
  path: ['contender'],
  elections: ['contender'],
  writes: ['contender'],
}

const kindKeys = ['producer', 'consumer', 'zookeeper', 'resource'] as const
/** Kafka's own default, `zookeeper.session.timeout.ms`. */
const DEFAULT_SESSION_TIMEOUT = '6s'

export function compileClients(
  node: Located<Record<string, ClientInput>> | undefined,
  overrides: ConfigOverrides,
  names: Names,
  report: Report,
  partitioners: Partitioners,
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
    const plan = compileClient(client, chain, overrides, names, report, partitioners)
    if (plan === undefined) {
      names.unsound.add(client.name)
      continue
    }
    names.clients.set(client.name, plan)
    if (plan.kind !== 'contender') continue
    for (const path of plan.elections) names.elections.set(path, [...(names.elections.get(path) ?? []), plan.name])
  }
  for (const client of all.values()) {
    for (const resource of namesIn(client.field('writes')?.field('to'))) names.client(resource, 'resource')
  }
}

const namesIn = (node: Located<string | readonly string[]> | undefined): ReadonlyArray<Located<string>> =>
  node === undefined ? [] : oneOrMore<string>(node)

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
  partitioners: Partitioners,
): ClientPlan | undefined {
  const inherited = <K extends Field>(key: K) => chain.map((one) => one.field(key)).find((one) => one !== undefined)
  const kinds = kindKeys.filter((kind) => inherited(kind) !== undefined)
  if (kinds.length === 0) {
    report.error('KS103', client.keyPlace, `client "${client.name}" does not say what it is`, {
      expected:
        'producer: sync, async or java, consumer: simple, high-level or group, zookeeper: plain or election, resource: open or fenced, or like: another client',
    })
    return undefined
  }
  if (kinds.length > 1) {
    const both = kinds.length === 2 ? 'both ' : ''
    report.error(
      'KS304',
      client.keyPlace,
      `client "${client.name}" is ${both}a ${kinds.map(wordsOf).join(' and a ')}`,
      {
        expected: kinds.length === 2 ? 'two clients' : `${kinds.length} clients`,
      },
    )
    return undefined
  }
  const kind = kindOf(kinds[0]!, inherited)
  for (const [key, field] of client.fields) {
    const owners = ownersOf[key as Field]
    if (owners === undefined || owners.includes(kind)) continue
    report.error(
      'KS304',
      field.keyPlace,
      `${quoted(key)} is for ${owners.map((one) => `${kindWords[one]}s`).join(' and ')}; "${client.name}" is a ${kindWords[kind]}`,
    )
  }
  switch (kind) {
    case 'zookeeper':
      return { kind, name: client.name, ...sessionOf(inherited, names) }
    case 'contender':
      return compileContender(client, inherited, names, report)
    case 'resource':
      return { kind, name: client.name, fenced: inherited('resource')!.value === 'fenced' }
    case 'old-consumer':
      return compileOldConsumer(client, chain, inherited, overrides, names, report)
    case 'group-consumer':
      return compileGroupConsumer(client, chain, inherited, overrides, names, report)
    case 'java-producer':
      return compileJavaProducer(client, chain, inherited, overrides, names, report)
    case 'producer':
    case 'consumer':
      return compileKafkaClient(kind, client, chain, inherited, overrides, names, report, partitioners)
  }
}

function kindOf(key: (typeof kindKeys)[number], inherited: Inherited): Kind {
  if (key === 'zookeeper' && inherited('zookeeper')?.value === 'election') return 'contender'
  if (key === 'producer' && inherited('producer')?.value === 'java') return 'java-producer'
  if (key !== 'consumer') return key
  const consumer = inherited('consumer')!.value
  return consumer === 'high-level' ? 'old-consumer' : consumer === 'group' ? 'group-consumer' : key
}

const wordsOf = (key: (typeof kindKeys)[number]): string => kindWords[key]

export type Inherited = <K extends Field>(key: K) => Located<Exclude<ClientInput[K], undefined>> | undefined

function sessionOf(
  inherited: Inherited,
  names: Names,
): { readonly servers: readonly string[]; readonly sessionTimeoutMs: number } {
  const servers = namesIn(inherited('server') as Located<string | readonly string[]> | undefined)
  return {
    servers: servers.flatMap((one) => names.zooKeeperServer(one) ?? []),
    sessionTimeoutMs: Math.round(readDuration(inherited('sessionTimeout')?.value ?? DEFAULT_SESSION_TIMEOUT) / 1000),
  }
}

function compileContender(
  client: Located<ClientInput>,
  inherited: Inherited,
  names: Names,
  report: Report,
): ClientPlan | undefined {
  const path = inherited('path')
  if (path === undefined) {
    report.error('KS103', client.keyPlace, `contender "${client.name}" does not say which election it takes part in`, {
      expected: 'path: the path of its persistent parent, like /chroot',
    })
    return undefined
  }
  const count = inherited('elections')?.value
  const writes = inherited('writes')
  const every = writes?.field('every')
  if (every !== undefined && readDuration(every.value) < 1)
    report.error('KS113', every.place, 'writes without any time between them', { expected: 'at least 1us' })
  return {
    kind: 'contender',
    name: client.name,
    ...sessionOf(inherited, names),
    recipe: inherited('recipe')?.value ?? 'unfair',
    elections:
      count === undefined ? [path.value] : Array.from({ length: count }, (_, index) => `${path.value}/${index}`),
    ...(writes === undefined || every === undefined
      ? {}
      : {
          writes: {
            to: namesIn(writes.field('to') as Located<string | readonly string[]>).map((one) => one.value),
            everyUs: readDuration(every.value),
          },
        }),
  }
}
