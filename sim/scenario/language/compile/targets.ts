/** `b1`, `leader(orders-0)`, `any follower(orders-0)`, `controller`, `zk-leader`, `all brokers` … */
import type { ClientPlan, Target, Targets } from '../../plan.ts'
import { textFormats } from '../formats.ts'
import { nearest } from '../nearest.ts'
import type { Report } from '../report.ts'
import { type Located, oneOrMore, quoted } from '../source.ts'
import type { Names } from './names.ts'

const ofPartition = {
  leader: 'leader',
  'any follower': 'any-follower',
  'most-advanced follower': 'most-advanced-follower',
} as const
/** Selectors of something else than a partition, with an example. */
const ofOthers = {
  elected: 'elected(/chroot)',
  coordinator: 'coordinator(billing)',
  'transaction-coordinator': 'transaction-coordinator(billing)',
} as const
const alone = {
  controller: 'controller',
  'zk-leader': 'zk-leader',
  'all brokers': 'all-brokers',
  'all zookeeper': 'all-zookeeper',
} as const

/** `client`: those of Kafka, and resources. */
export type MachineKind = 'broker' | 'zookeeper' | 'client' | 'zookeeper-client' | 'high-level-consumer' | 'contender'

export function compileTargets(node: Located<string | readonly string[]>, names: Names, report: Report): Targets {
  const targets: Target[] = []
  for (const item of oneOrMore<string>(node)) {
    const target = compileTarget(item, names, report)
    if (target !== undefined) targets.push(target)
  }
  return targets
}

export function compileTarget(node: Located<string>, names: Names, report: Report): Target | undefined {
  const text = node.value
  if (Object.hasOwn(alone, text)) return { select: alone[text as keyof typeof alone] }
  const call = /^([^(]+)\((.*)\)$/.exec(text)
  if (call === null) {
    if (/ /.test(text) || Object.hasOwn(ofPartition, text)) return unknownSelector(node, text, report)
    const name = names.machine(node)
    return name === undefined ? undefined : { select: 'machine', name }
  }
  const [, selector, inner] = call
  if (selector === 'elected') {
    const election = names.election(node.part('elected('.length, text.length - 1), inner!)
    return election === undefined ? undefined : { select: 'elected', election }
  }
  if (selector === 'coordinator') {
    const group = names.groupNamed(inner!, node.part('coordinator('.length, text.length - 1))
    return group === undefined ? undefined : { select: 'coordinator', group }
  }
  if (selector === 'transaction-coordinator') {
    const place = node.part('transaction-coordinator('.length, text.length - 1)
    const transactionalId = names.transactionalId(place, inner!)
    return transactionalId === undefined ? undefined : { select: 'transaction-coordinator', transactionalId }
  }
  if (!Object.hasOwn(ofPartition, selector!)) return unknownSelector(node, selector!, report)
  if (!textFormats.partition.pattern.test(inner!)) {
    report.error('KS102', node.place, `${quoted(inner!)} is not a partition`, {
      expected: `${selector}(topic-number), like ${selector}(orders-0)`,
    })
    return undefined
  }
  const partition = names.anyPartition(node.part(selector!.length + 1, text.length - 1), inner!)
  return partition === undefined
    ? undefined
    : { select: ofPartition[selector as keyof typeof ofPartition], ...partition }
}

function unknownSelector(node: Located, word: string, report: Report): undefined {
  const bare = [...Object.keys(ofPartition), ...Object.keys(alone), ...Object.keys(ofOthers)]
  const inner = /\(.*\)$/.exec(node.text)?.[0] ?? '(orders-0)'
  const known = bare.map((name) =>
    Object.hasOwn(ofPartition, name) ? `${name}(orders-0)` : (ofOthers[name as keyof typeof ofOthers] ?? name),
  )
  const near = nearest(word.trim(), bare)
  report.error('KS110', node.place, `no selector ${quoted(node.text)} (${known.join(', ')})`, {
    suggestion: near === undefined || !Object.hasOwn(ofPartition, near) ? near : near + inner,
  })
  return undefined
}

const clientKinds = {
  producer: 'client',
  'java-producer': 'client',
  consumer: 'client',
  'group-consumer': 'client',
  resource: 'client',
  'old-consumer': 'high-level-consumer',
  zookeeper: 'zookeeper-client',
  contender: 'contender',
} as const satisfies Record<ClientPlan['kind'], MachineKind>

/** What machine a target comes down to. */
export function machineKind(target: Target, names: Names): MachineKind {
  switch (target.select) {
    case 'machine': {
      const client = names.clients.get(target.name)
      if (client !== undefined) return clientKinds[client.kind]
      return names.zookeeper.includes(target.name) ? 'zookeeper' : 'broker'
    }
    case 'elected':
      return 'contender'
    case 'zk-leader':
    case 'all-zookeeper':
      return 'zookeeper'
    default:
      return 'broker'
  }
}
