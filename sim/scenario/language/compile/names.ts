/**
 * What the scenario has given names to, with the look-ups that every reference goes through: a name that is not there
 * becomes a diagnostic that lists those that are.
 */
import type { PresetName } from '../../../../src/versions.ts'
import type { ClientPlan, TopicPlan } from '../../plan.ts'
import { javaProducerSettingsOf } from '../../producer-settings.ts'
import { enumerate, type Report } from '../report.ts'
import { type Located, type Place, quoted } from '../source.ts'

/** A message that a step or a workload sends. */
export interface SentMessage {
  readonly by: string
  readonly topic: string
  readonly partition: number | undefined
  readonly step: number
  readonly at: Located
}

/** An operation that a step has a ZooKeeper client do. */
export interface AskedOperation {
  readonly by: string
  readonly op: string
  readonly step: number
  readonly at: Located
}

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

export const kindWords: Readonly<Record<ClientPlan['kind'], string>> = {
  producer: 'producer',
  'java-producer': 'Java producer',
  consumer: 'consumer',
  'group-consumer': 'group consumer',
  'old-consumer': 'high-level consumer',
  zookeeper: 'ZooKeeper client',
  contender: 'contender',
  resource: 'resource',
}

/** Consumers that are in groups, of whichever kind. */
export const inGroup = (
  client: ClientPlan,
): client is Extract<ClientPlan, { readonly kind: 'old-consumer' | 'group-consumer' }> =>
  client.kind === 'old-consumer' || client.kind === 'group-consumer'

const hasWorkload = (client: ClientPlan): boolean =>
  (client.kind === 'producer' || client.kind === 'java-producer') && client.workload !== undefined

/** The id under which a client writes in transactions; undefined if it does not. */
export function transactionalIdOf(client: ClientPlan): string | undefined {
  const id = javaProducerSettingsOf(client)?.['transactional.id']
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** `b1/orders-0 1016` */
export const lookupName = (replica: string, offset: number): string => `${replica} ${offset}`

export class Names {
  readonly protocol: PresetName
  readonly brokers: readonly string[]
  readonly zookeeper: readonly string[]
  readonly topics = new Map<string, TopicPlan>()
  /** Kafka's own topics, with their numbers of partitions: looked at by conditions, never written to by clients. */
  readonly internal = new Map<string, number>()
  readonly clients = new Map<string, ClientPlan>()
  readonly messages = new Map<string, SentMessage>()
  readonly operations = new Map<string, AskedOperation>()
  /** Elections, with those that take part. */
  readonly elections = new Map<string, string[]>()
  /** Partitions that a step moves, and how many partitions a topic has after a step gave it more. */
  readonly moved = new Set<string>()
  readonly grown = new Map<string, number>()
  /** What is measured to its end. */
  readonly measures = new Set<string>()
  /** What steps look up, by `lookupName`. */
  readonly lookups = new Set<string>()
  /** Clients that have a mistake of their own: references to them are not a second one. */
  readonly unsound = new Set<string>()
  private readonly report: Report

  constructor(brokers: number, zookeeper: number, protocol: PresetName, report: Report) {
    this.protocol = protocol
    this.brokers = Array.from({ length: brokers }, (_, index) => `b${index + 1}`)
    this.zookeeper = Array.from({ length: zookeeper }, (_, index) => `zk${index + 1}`)
    this.report = report
  }

  get machines(): readonly string[] {
    return [...this.brokers, ...this.zookeeper, ...this.clients.keys()]
  }

  /** True where workloads send messages whose names the file does not hold. */
  get hasWorkload(): boolean {
    for (const client of this.clients.values()) if (hasWorkload(client)) return true
    return false
  }

  /** Topics that applications write to. */
  private get writtenTopics(): readonly string[] {
    return [...this.clients.values()].flatMap((client) =>
      client.kind === 'group-consumer' && client.writes !== undefined ? [client.writes.topic] : [],
    )
  }

  /** The name of a broker, or undefined after a diagnostic. `words` are other names allowed here (`none`, `any`). */
  broker(node: Located<string>, words: readonly string[] = []): string | undefined {
    const name = node.value
    if (this.brokers.includes(name) || words.includes(name)) return name
    this.report.unknown(
      'KS104',
      node.place,
      `no broker ${quoted(name)} in this cluster (${enumerate([...this.brokers, ...words])})`,
      name,
      [...this.brokers, ...words],
    )
    return undefined
  }

  zooKeeperServer(node: Located<string>, words: readonly string[] = []): string | undefined {
    const name = node.value
    if (this.zookeeper.includes(name) || words.includes(name)) return name
    this.report.unknown(
      'KS105',
      node.place,
      `no ZooKeeper server ${quoted(name)} (${enumerate([...this.zookeeper, ...words])})`,
      name,
      this.zookeeper,
    )
    return undefined
  }

  machine(node: Located<string>): string | undefined {
    const name = node.value
    if (this.machines.includes(name)) return name
    if (this.unsound.has(name)) return undefined
    if (/^b\d+$/.test(name)) return this.broker(node)
    if (/^zk\d+$/.test(name)) return this.zooKeeperServer(node)
    this.report.unknown(
      'KS105',
      node.place,
      `no machine ${quoted(name)} (${enumerate(this.machines)})`,
      name,
      this.machines,
    )
    return undefined
  }

  /** A client of one of these kinds, or of any if none is named. */
  client(node: Located<string>, ...kinds: ReadonlyArray<ClientPlan['kind']>): ClientPlan | undefined {
    return this.clientNamed(node.value, node.place, ...kinds)
  }

  clientNamed(name: string, place: Place, ...kinds: ReadonlyArray<ClientPlan['kind']>): ClientPlan | undefined {
    const client = this.clients.get(name)
    if (client === undefined && this.unsound.has(name)) return undefined
    const candidates = [...this.clients.values()]
      .filter((one) => kinds.length === 0 || kinds.includes(one.kind))
      .map((one) => one.name)
    if (client !== undefined && (kinds.length === 0 || kinds.includes(client.kind))) return client
    const what = kinds.length === 0 ? 'client' : kindWords[kinds[0]!]
    const message =
      client === undefined
        ? `no ${what} ${quoted(name)}`
        : `${quoted(name)} is a ${kindWords[client.kind]}, not a ${what}`
    const those = candidates.length === 0 ? ` (the scenario has no ${what}s)` : ` (${enumerate(candidates)})`
    this.report.unknown(client === undefined ? 'KS106' : 'KS407', place, `${message}${those}`, name, candidates)
    return undefined
  }

  topic(place: Place, name: string): TopicPlan | undefined {
    const topic = this.topics.get(name)
    if (topic !== undefined) return topic
    const known = [...this.topics.keys()]
    const those = known.length === 0 ? 'the scenario has no topics' : enumerate(known)
    this.report.unknown('KS107', place, `no topic ${quoted(name)} (${those})`, name, known)
    return undefined
  }

  /** Path of an election that somebody takes part in. */
  election(place: Place, path: string): string | undefined {
    if (this.elections.has(path)) return path
    const known = [...this.elections.keys()]
    const those = known.length === 0 ? 'no client takes part in any' : enumerate(known)
    this.report.unknown('KS114', place, `no election ${quoted(path)} (${those})`, path, known)
    return undefined
  }

  operation(node: Located<string>): string | undefined {
    const name = node.value
    if (this.operations.has(name)) return name
    const known = [...this.operations.keys()]
    const those = known.length === 0 ? 'no step has a client do one' : enumerate(known)
    this.report.unknown('KS109', node.place, `no operation ${quoted(name)} (${those})`, name, known)
    return undefined
  }

  measure(node: Located<string>): string | undefined {
    const name = node.value
    if (this.measures.has(name)) return name
    const known = [...this.measures]
    const those = known.length === 0 ? 'nothing is measured to its end' : enumerate(known)
    this.report.unknown('KS115', node.place, `no measure ${quoted(name)} (${those})`, name, known)
    return undefined
  }

  /** A group that a client is in. */
  group(node: Located<string>): string | undefined {
    return this.groupNamed(node.value, node.place)
  }

  groupNamed(name: string, place: Place): string | undefined {
    const known = [...this.clients.values()].flatMap((client) => (inGroup(client) ? [client.group] : []))
    if (known.includes(name)) return name
    const groups = [...new Set(known)]
    const those = groups.length === 0 ? 'no client is in any' : enumerate(groups)
    this.report.unknown('KS117', place, `no group ${quoted(name)} (${those})`, name, groups)
    return undefined
  }

  /** One that a client has. */
  transactionalId(place: Place, id: string): string | undefined {
    const known = [...this.clients.values()].flatMap((client) => transactionalIdOf(client) ?? [])
    if (known.includes(id)) return id
    const ids = [...new Set(known)]
    const those = ids.length === 0 ? 'no client writes in transactions' : enumerate(ids)
    this.report.unknown('KS117', place, `no transactional id ${quoted(id)} (${those})`, id, ids)
    return undefined
  }

  /** `orders-0` */
  partition(place: Place, text: string): PartitionName | undefined {
    const dash = text.lastIndexOf('-')
    const topic = this.topic(place, text.slice(0, dash))
    if (topic === undefined) return undefined
    const partitions = Math.max(topic.partitions, this.grown.get(topic.name) ?? 0)
    return this.within(place, topic.name, Number(text.slice(dash + 1)), partitions)
  }

  /** `orders-0` or `__consumer_offsets-0`, where it is only looked at. */
  anyPartition(place: Place, text: string): PartitionName | undefined {
    const dash = text.lastIndexOf('-')
    const topic = text.slice(0, dash)
    const partitions = this.internal.get(topic)
    if (partitions === undefined) return this.partition(place, text)
    return this.within(place, topic, Number(text.slice(dash + 1)), partitions)
  }

  private within(place: Place, topic: string, partition: number, partitions: number): PartitionName | undefined {
    if (partition < partitions) return { topic, partition }
    const range = partitions === 1 ? 'only 0' : `0 to ${partitions - 1}`
    this.report.error('KS108', place, `topic "${topic}" has no partition ${partition} (${range})`)
    return undefined
  }

  /** `orders` or `orders-0`; a topic whose own name ends so wins. */
  destination(node: Located<string>): { topic: string; partition: number | undefined } | undefined {
    const text = node.text
    if (this.topics.has(text)) return { topic: text, partition: undefined }
    if (/-\d+$/.test(text)) return this.partition(node.place, text)
    return this.topic(node.place, text) === undefined ? undefined : { topic: text, partition: undefined }
  }

  /** `b1/orders-0` */
  replica(node: Located<string>): (PartitionName & { broker: string }) | undefined {
    const slash = node.text.indexOf('/')
    const name = node.text.slice(0, slash)
    const partition = this.anyPartition(node.part(slash + 1, node.text.length), node.text.slice(slash + 1))
    if (!this.brokers.includes(name)) {
      this.report.unknown(
        'KS104',
        node.part(0, slash),
        `no broker ${quoted(name)} in this cluster (${enumerate(this.brokers)})`,
        name,
        this.brokers,
      )
      return undefined
    }
    return partition === undefined ? undefined : { ...partition, broker: name }
  }

  /** The name of a message that something sends; messages of workloads are named after their client. */
  message(node: Located): string | undefined {
    const name = node.text === '' ? node.name : node.text
    return this.knowsMessage(name, node.text === '' ? node.keyPlace : node.place) ? name : undefined
  }

  knowsMessage(name: string, place: Place): boolean {
    if (this.messages.has(name)) return true
    // What an application writes is named after what it has read: `receipts/m1`.
    const slash = name.indexOf('/')
    if (slash > 0 && this.writtenTopics.includes(name.slice(0, slash)))
      return this.knowsMessage(name.slice(slash + 1), place)
    const numbered = /^(.*)-[1-9]\d*$/.exec(name)
    const producer = numbered === null ? undefined : this.clients.get(numbered[1]!)
    if (producer !== undefined && hasWorkload(producer)) return true
    const known = [...this.messages.keys()]
    const those = known.length === 0 ? 'nothing is sent' : enumerate(known)
    this.report.unknown('KS109', place, `no message ${quoted(name)} is ever sent (${those})`, name, known)
    return false
  }

  /** Brokers that carry a partition, where the scenario says so; undefined where Kafka chooses. */
  carriers(topic: string, partition: number): readonly string[] | undefined {
    const plan = this.topics.get(topic)
    if (plan === undefined || this.moved.has(`${topic}-${partition}`)) return undefined
    const replicas = plan.replicas?.[partition]
    if (replicas !== undefined) return replicas.map((id) => `b${id}`)
    return plan.replicationFactor === this.brokers.length ? this.brokers : undefined
  }
}
