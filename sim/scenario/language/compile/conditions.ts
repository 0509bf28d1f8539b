/** Conditions, with the checks that keep out those that can never hold. */
import type { PresetName } from '../../../../src/versions.ts'
import type { ClientPlan } from '../../plan.ts'
import { requiredAcks } from '../../producer-settings.ts'
import { matchBounds } from '../formats.ts'
import { enumerate } from '../report.ts'
import type { ConditionInput } from '../schema/conditions.ts'
import { type Located, listed } from '../source.ts'
import type { Compiled } from './condition-checks.ts'
import { GroupConditions } from './group-conditions.ts'
import { kindWords, lookupName, type PartitionName } from './names.ts'

type Kind = keyof ConditionInput

const asOne = (node: Located): Located<Record<string, never>> => node as Located<Record<string, never>>

export class ConditionCompiler extends GroupConditions {
  /** Undefined after a diagnostic. */
  compile(node: Located): Compiled {
    const kind = kinds.find((name) => node.fields.has(name))!
    return this[kind](asOne(node) as never)
  }

  replica(node: Located<ConditionInput['replica']>): Compiled {
    const subject = node.field('replica')!
    const replica = this.names.replica(subject)
    const leo = this.count(node.field('leo'))
    const hw = this.count(node.field('hw'))
    const truncatedTo = this.count(node.field('truncatedTo'))
    const starts = this.count(node.field('starts'))
    const segments = this.count(node.field('segments'))
    const records = this.count(node.field('records'))
    const role = node.value.role
    const counts = [leo, hw, truncatedTo, starts, segments, records]
    const words = 'leo, hw, role, truncatedTo, starts, segments or records'
    if (!this.asks(node, [...counts, role], words) || replica === undefined) return undefined
    const asked = counts.some((count) => count !== undefined)
    if (role !== 'none' || asked) this.carries(subject, replica.broker, replica)
    if (leo !== undefined && hw !== undefined) {
      const highest = matchBounds(leo)!.high
      if (matchBounds(hw)!.low > highest)
        this.never(node.field('hw')!, `the high watermark is never past the log end offset (${highest})`)
    }
    return {
      about: 'replica',
      span: node.span,
      ...replica,
      ...(leo === undefined ? {} : { leo }),
      ...(hw === undefined ? {} : { hw }),
      ...(role === undefined ? {} : { role: { is: 'equal', value: role } }),
      ...(truncatedTo === undefined ? {} : { truncatedTo }),
      ...(starts === undefined ? {} : { starts }),
      ...(segments === undefined ? {} : { segments }),
      ...(records === undefined ? {} : { records }),
    }
  }

  key(node: Located<ConditionInput['key']>): Compiled {
    const subject = node.field('in')!
    const replica = this.names.replica(subject)
    const offset = this.count(node.field('offset'))
    const records = this.count(node.field('records'))
    const value = node.field('value')
    if (!this.asks(node, [value, offset, records], 'value, offset or records') || replica === undefined)
      return undefined
    this.carries(subject, replica.broker, replica)
    return {
      about: 'key',
      span: node.span,
      key: node.field('key')!.text,
      ...replica,
      ...(value === undefined ? {} : { value: value.text }),
      ...(offset === undefined ? {} : { offset }),
      ...(records === undefined ? {} : { records }),
    }
  }

  lookup(node: Located<ConditionInput['lookup']>): Compiled {
    const subject = node.field('in')!
    const replica = this.names.replica(subject)
    const offset = node.field('lookup')!.value
    const [segment, relative, entry, byte, scanned] = (
      ['segment', 'relative', 'entry', 'byte', 'scanned'] as const
    ).map((field) => this.count(node.field(field)))
    const value = node.field('value')
    const { crc } = node.value
    const words = 'segment, relative, entry, byte, scanned, value or crc'
    const asked = [segment, relative, entry, byte, scanned, value, crc]
    if (!this.asks(node, asked, words) || replica === undefined) return undefined
    if (!this.names.lookups.has(lookupName(subject.text, offset)))
      this.never(node.field('lookup')!, `no step looks up offset ${offset} in ${subject.text}`)
    return {
      about: 'lookup',
      span: node.span,
      ...replica,
      offset,
      ...(segment === undefined ? {} : { segment }),
      ...(relative === undefined ? {} : { relative }),
      ...(entry === undefined ? {} : { entry }),
      ...(byte === undefined ? {} : { byte }),
      ...(scanned === undefined ? {} : { scanned }),
      ...(value === undefined ? {} : { value: value.text }),
      ...(crc === undefined ? {} : { crc }),
    }
  }

  leader(node: Located<ConditionInput['leader']>): Compiled {
    const subject = node.field('leader')!
    const partition = this.names.anyPartition(subject.place, subject.text)
    const is = node.field('is')
    const epoch = this.count(node.field('epoch'))
    const leader = is === undefined ? undefined : this.names.broker(is)
    const believer = node.field('believes')
    const believes =
      believer !== undefined && this.names.clients.has(believer.value)
        ? { believes: believer.value }
        : this.believes(believer)
    if (partition === undefined || (is !== undefined && leader === undefined)) return undefined
    if (leader !== undefined) this.carries(is!, leader, partition)
    return {
      about: 'leader',
      span: node.span,
      ...partition,
      ...(leader === undefined ? {} : { is: leader }),
      ...(epoch === undefined ? {} : { epoch }),
      ...believes,
    }
  }

  isr(node: Located<ConditionInput['isr']>): Compiled {
    const subject = node.field('isr')!
    const partition = this.names.anyPartition(subject.place, subject.text)
    const is = node.field('is')
    const size = this.count(node.field('size'))
    if (!this.asks(node, [is, size], 'is or size')) return undefined
    const members: string[] = []
    for (const member of listed<string>(is as Located<readonly string[]> | undefined)) {
      const name = this.names.broker(member)
      if (name === undefined) continue
      if (members.includes(name)) this.report.error('KS302', member.place, `${name} is named twice`)
      if (partition !== undefined) this.carries(member, name, partition)
      members.push(name)
    }
    const believes = this.believes(node.field('believes'))
    if (partition === undefined) return undefined
    const replicas = this.names.topics.get(partition.topic)!.replicationFactor
    const bounds = size === undefined ? undefined : matchBounds(size)
    const moved = this.names.moved.has(`${partition.topic}-${partition.partition}`)
    if (bounds !== undefined && bounds.low > replicas && !moved) {
      this.never(
        node.field('size')!,
        `${partition.topic}-${partition.partition} has ${replicas} replica${replicas === 1 ? '' : 's'}`,
      )
    }
    if (is !== undefined && bounds !== undefined && (members.length < bounds.low || members.length > bounds.high)) {
      this.never(
        node.field('size')!,
        `the list beside it has ${members.length} member${members.length === 1 ? '' : 's'}`,
      )
    }
    return {
      about: 'isr',
      span: node.span,
      ...partition,
      ...(is === undefined ? {} : { is: members }),
      ...(size === undefined ? {} : { size }),
      ...believes,
    }
  }

  controller(node: Located<ConditionInput['controller']>): Compiled {
    const is = this.names.broker(node.field('controller')!, ['any'])
    return this.holder('controller', node, is, this.count(node.field('epoch')))
  }

  message(node: Located<ConditionInput['message']>): Compiled {
    const message = this.names.message(node.field('message')!)
    if (message === undefined) return undefined
    const fate = node.value.is
    const sent = this.names.messages.get(message)
    const topic = sent?.topic
    const readers = [...this.names.clients.values()].filter((client) => topic !== undefined && reads(client, topic))
    if (fate === 'read' && topic !== undefined && readers.length === 0)
      this.never(node.field('is')!, `no consumer reads ${topic}`)
    const producer = sent === undefined ? undefined : this.names.clients.get(sent.by)
    const acks = producer === undefined ? undefined : acksKeyOf(producer, this.names.protocol)
    if (fate === 'acked' && producer !== undefined && acks?.value === 0) {
      // Only a warning: it hangs on a setting, which `--set` may be there to show.
      this.report.warning(
        'KS402',
        node.field('is')!.place,
        `"is: acked" can never hold: ${producer.name} asks for no answer (${acks.key} is 0)`,
      )
    }
    return { about: 'message', span: node.span, message, is: fate }
  }

  checkpoint(node: Located<ConditionInput['checkpoint']>): Compiled {
    const subject = node.field('checkpoint')!
    const replica = this.names.replica(subject)
    const hw = this.count(node.field('hw'))
    if (replica === undefined || hw === undefined) return undefined
    this.carries(subject, replica.broker, replica)
    return { about: 'checkpoint', span: node.span, ...replica, hw }
  }

  machine(node: Located<ConditionInput['machine']>): Compiled {
    const machine = this.names.machine(node.field('machine')!)
    return machine === undefined ? undefined : { about: 'machine', span: node.span, machine, is: node.value.is }
  }

  client(node: Located<ConditionInput['client']>): Compiled {
    const client = this.names.client(node.field('client')!)
    const read = this.count(node.field('read'))
    const acked = this.count(node.field('acked'))
    const gaveUp = this.count(node.field('gaveUp'))
    const queued = this.count(node.field('queued'))
    const dropped = this.count(node.field('dropped'))
    const lostInQueue = this.count(node.field('lostInQueue'))
    const processed = this.count(node.field('processed'))
    const partitions = this.count(node.field('partitions'))
    const rebalances = this.count(node.field('rebalances'))
    const failedRebalances = this.count(node.field('failedRebalances'))
    const accepted = this.count(node.field('accepted'))
    const refused = this.count(node.field('refused'))
    const stale = this.count(node.field('stale'))
    const ofConsumers = { processed, partitions, rebalances, failedRebalances }
    const counts = { read, acked, gaveUp, queued, dropped, lostInQueue, ...ofConsumers, accepted, refused, stale }
    if (!this.asks(node, Object.values(counts), `${Object.keys(counts).slice(0, -1).join(', ')} or stale`))
      return undefined
    if (client === undefined) return undefined
    for (const field of Object.keys(counts) as Array<keyof typeof counts>) {
      const match = counts[field]
      const bounds = match === undefined ? undefined : matchBounds(match)
      const kinds: readonly ClientPlan['kind'][] = countedOf[field]
      if (bounds !== undefined && bounds.low > 0 && !kinds.includes(client.kind))
        this.never(node.field(field)!, `${client.name} is a ${kindWords[client.kind]}`)
    }
    return {
      about: 'client',
      span: node.span,
      client: client.name,
      ...(read === undefined ? {} : { read }),
      ...(acked === undefined ? {} : { acked }),
      ...(gaveUp === undefined ? {} : { gaveUp }),
      ...(queued === undefined ? {} : { queued }),
      ...(dropped === undefined ? {} : { dropped }),
      ...(lostInQueue === undefined ? {} : { lostInQueue }),
      ...(processed === undefined ? {} : { processed }),
      ...(partitions === undefined ? {} : { partitions }),
      ...(rebalances === undefined ? {} : { rebalances }),
      ...(failedRebalances === undefined ? {} : { failedRebalances }),
      ...(accepted === undefined ? {} : { accepted }),
      ...(refused === undefined ? {} : { refused }),
      ...(stale === undefined ? {} : { stale }),
    }
  }

  replicas(node: Located<ConditionInput['replicas']>): Compiled {
    const subject = node.field('replicas')!
    const partition = this.names.anyPartition(subject.place, subject.text)
    const is: string[] = []
    for (const broker of listed<string>(node.field('is')!)) {
      const name = this.names.broker(broker)
      if (name !== undefined && is.includes(name)) this.report.error('KS302', broker.place, `${name} is named twice`)
      if (name !== undefined) is.push(name)
    }
    return partition === undefined ? undefined : { about: 'replicas', span: node.span, ...partition, is }
  }

  broker(node: Located<ConditionInput['broker']>): Compiled {
    const broker = this.names.broker(node.field('broker')!)
    const topic = node.field('topic')
    const leads = this.count(node.field('leads'))
    const replicas = this.count(node.field('replicas'))
    if (topic !== undefined && this.names.topic(topic.place, topic.text) === undefined) return undefined
    if (!this.asks(node, [leads, replicas], 'leads or replicas') || broker === undefined) return undefined
    return {
      about: 'broker',
      span: node.span,
      broker,
      ...(topic === undefined ? {} : { topic: topic.text }),
      ...(leads === undefined ? {} : { leads }),
      ...(replicas === undefined ? {} : { replicas }),
    }
  }

  /** One condition, or a list: all of them at once. */
  one(node: Located): Compiled {
    if (!Array.isArray(node.value)) return this.compile(node)
    const conditions = node.items.flatMap((item) => this.compile(item) ?? [])
    return { about: 'all', span: node.items[0]?.span ?? node.span, conditions }
  }

  event(node: Located<ConditionInput['event']>): Compiled {
    const machine = node.field('machine')
    const name = machine === undefined ? undefined : this.names.machine(machine)
    if (machine !== undefined && name === undefined) return undefined
    return {
      about: 'event',
      span: node.span,
      event: node.value.event,
      ...(name === undefined ? {} : { machine: name }),
      nth: node.value.nth ?? 1,
    }
  }

  private believes(node: Located<string> | undefined): { believes?: string } {
    const believes = node === undefined ? undefined : this.names.broker(node)
    return believes === undefined ? {} : { believes }
  }

  private carries(node: Located, broker: string, { topic, partition }: PartitionName): void {
    const carriers = this.names.carriers(topic, partition)
    if (carriers === undefined || carriers.includes(broker)) return
    this.never(node, `${broker} carries no replica of ${topic}-${partition} (${enumerate(carriers)})`)
  }
}

/** The key that says what a producer waits for, and its value. */
function acksKeyOf(
  client: ClientPlan,
  protocol: PresetName,
): { readonly key: string; readonly value: number } | undefined {
  const value = requiredAcks(client, protocol)
  if (value === undefined) return undefined
  return { key: client.kind === 'java-producer' ? 'acks' : 'request.required.acks', value }
}

/** Whether a client may read a topic: filters may let anything through. */
function reads(client: ClientPlan, topic: string): boolean {
  if (client.kind === 'consumer') return client.topic === topic
  if (client.kind === 'group-consumer') {
    const { subscribes } = client
    return 'pattern' in subscribes || subscribes.topics.includes(topic)
  }
  if (client.kind !== 'old-consumer') return false
  const { subscription } = client
  return 'filter' in subscription || subscription.topics.some((one) => one.topic === topic)
}

/** Whose each count is. */
const countedOf = {
  read: ['consumer', 'old-consumer', 'group-consumer'],
  processed: ['group-consumer', 'old-consumer'],
  acked: ['producer', 'java-producer'],
  gaveUp: ['producer', 'java-producer'],
  queued: ['producer', 'java-producer'],
  dropped: ['producer', 'java-producer'],
  lostInQueue: ['producer', 'java-producer'],
  partitions: ['old-consumer', 'group-consumer'],
  rebalances: ['old-consumer'],
  failedRebalances: ['old-consumer'],
  accepted: ['resource'],
  refused: ['resource'],
  stale: ['resource'],
} as const

/**
 * What comes first may have later ones among its fields: `owner` a group, `event` a machine, `notified` an event, `operation` and
 * `notified` nothing of the others, `broker` replicas.
 */
const kinds = [
  'notified',
  'owner',
  'transaction',
  'group',
  'operation',
  'elected',
  'zk-server',
  'broker',
  'measure',
  'event',
  'replica',
  'key',
  'lookup',
  'leader',
  'isr',
  'controller',
  'zk-leader',
  'session',
  'message',
  'znode',
  'checkpoint',
  'machine',
  'client',
  'replicas',
] as const satisfies readonly Kind[]
