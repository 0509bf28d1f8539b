/**
 * A whole cluster on machines of a simulated world: ZooKeeper servers zk1 …, brokers b1 … (broker.id 1 …), clients by
 * their names, and `admin`, from which topics are created. Every machine is booted at time 0.
 */
import {
  fetchVersions,
  GroupConsumerProcess,
  groupConsumerDefaults,
  JavaProducerProcess,
  javaProducerConfig,
  OldConsumerProcess,
  OldProducerProcess,
  SimpleConsumerProcess,
  topicFilter,
} from '../../src/client/index.ts'
import {
  brokerConfigTable,
  configValues,
  groupConsumerConfigTable,
  oldConsumerConfigTable,
  partitionConsumerConfigTable,
  producerConfigTable,
} from '../../src/config/index.ts'
import { type Address, type FileSystem, invariant, type Message, unreachable } from '../../src/host/index.ts'
import type { BrokerEndpoint, RequestFrame, ResponseFrame } from '../../src/protocol/index.ts'
import { KafkaServer, releaseDefaults } from '../../src/server/index.ts'
import type { Magic } from '../../src/storage/index.ts'
import { presets } from '../../src/versions.ts'
import { describeZkMessage, ZOOKEEPER_CLIENT_PORT, ZooKeeperServer } from '../../src/zookeeper/index.ts'
import { World } from '../kernel/index.ts'
import type {
  ClientPlan,
  ClusterPlan,
  GroupConsumerPlan,
  JavaProducerPlan,
  PartitionPlan,
  ReassignedPartition,
  TopicPlan,
  ZkOperation,
} from '../scenario/plan.ts'
import { AdminProcess } from './admin.ts'
import { ContenderProcess } from './contender.ts'
import { ResourceProcess } from './resource.ts'
import { ZooKeeperClientProcess } from './zookeeper-client.ts'

export const ADMIN_MACHINE = 'admin'
export const KAFKA_PORT = 9092

/**
 * Where the plan names its topics, a client that asks for one before the operator has created it does not create it with
 * the brokers' defaults instead. A plan may switch this on again.
 */
const topicsAreGiven = { 'auto.create.topics.enable': false }

const kafkaClientKinds: readonly ClientPlan['kind'][] = [
  'producer',
  'java-producer',
  'consumer',
  'old-consumer',
  'group-consumer',
]

export interface ClusterOptions {
  readonly seed: number
  /** Backing files of a machine's disk; memory by default. */
  readonly dataDirectory?: (machine: string) => FileSystem
  readonly exploreSchedule?: boolean
  /** Freezes every message that is sent, so that a process that changes one fails. For tests. */
  readonly freezeMessages?: boolean
  /** Called before anything boots, to subscribe to the whole trace: machines start in the constructor. */
  readonly observe?: (world: World) => void
}

export interface SendRequest {
  readonly by: string
  readonly topic: string
  readonly partition?: number
  readonly message: string
  readonly key?: string
  readonly broker?: string
}

export const brokerMachine = (id: number): string => `b${id}`
/** 2 for `b2`. */
export const brokerIdOf = (machine: string): number => Number(machine.slice(1))

export class Cluster {
  readonly world: World
  readonly plan: ClusterPlan
  private readonly zookeeper: readonly Address[]

  constructor(plan: ClusterPlan, options: ClusterOptions) {
    this.plan = plan
    this.world = new World({
      seed: options.seed,
      network: plan.network,
      ...(options.exploreSchedule === undefined ? {} : { exploreSchedule: options.exploreSchedule }),
      ...(options.freezeMessages === undefined ? {} : { freezeMessages: options.freezeMessages }),
    })
    this.world.network.describe = describeMessage
    this.zookeeper = count(plan.zookeeper).map((id) => ({ machine: `zk${id}`, port: ZOOKEEPER_CLIENT_PORT }))
    const addMachine = (name: string): void => {
      const files = options.dataDirectory?.(name)
      this.world.addMachine(name, files === undefined ? {} : { files })
    }
    for (const address of this.zookeeper) addMachine(address.machine)
    for (const id of count(plan.brokers)) addMachine(brokerMachine(id))
    addMachine(ADMIN_MACHINE)
    for (const client of plan.clients) addMachine(client.name)
    options.observe?.(this.world)
    this.bootAll()
  }

  private bootAll(): void {
    const { plan, world } = this
    const ensemble = count(plan.zookeeper).map((id) => ({ id, machine: `zk${id}` }))
    const told = { zxid: 0 }
    for (const { id, machine } of ensemble) {
      world.machine(machine).boot((host) => new ZooKeeperServer(host, { id, ensemble, ...plan.zookeeperConfig, told }))
    }
    const versions = presets[plan.protocol]
    for (const id of count(plan.brokers)) {
      const machine = brokerMachine(id)
      const own = plan.brokerConfigOf[machine] ?? {}
      const defaults = { ...releaseDefaults[plan.protocol], ...(plan.topics.length > 0 ? topicsAreGiven : {}) }
      const config = configValues(brokerConfigTable, defaults, plan.brokerConfig, own)
      const { zookeeper } = this
      world.machine(machine).boot((host) => new KafkaServer(host, { brokerId: id, config, versions, zookeeper }))
    }
    const { zookeeper } = this
    const kafkaClients = plan.clients.filter(({ kind }) => kafkaClientKinds.includes(kind))
    for (const client of plan.clients) if (!kafkaClients.includes(client)) this.bootClient(client)
    // Without brokers there is nothing to administer.
    if (plan.brokers === 0) return
    // Producers and consumers start when the topics are there: else one that asks for metadata first would have a topic
    // created by the broker that it asks (`auto.create.topics.enable`), with other partitions than the plan has.
    const onReady = (): void => {
      for (const client of kafkaClients.splice(0)) {
        world.schedule(0, `start ${client.name}`, () => this.bootClient(client))
      }
    }
    const admin = { zookeeper, versions, brokers: plan.brokers, topics: plan.topics, onReady }
    world.machine(ADMIN_MACHINE).boot((host) => new AdminProcess(host, admin))
  }

  private bootClient(plan: ClientPlan): void {
    const machine = this.world.machine(plan.name)
    switch (plan.kind) {
      case 'zookeeper':
        machine.boot((host) => new ZooKeeperClientProcess(host, { ...plan, servers: this.serversOf(plan.servers) }))
        return
      case 'contender':
        machine.boot((host) => new ContenderProcess(host, { ...plan, servers: this.serversOf(plan.servers) }))
        return
      case 'resource':
        machine.boot((host) => new ResourceProcess(host, plan))
        return
      case 'producer':
      case 'consumer':
        this.bootKafkaClient(plan)
        return
      case 'java-producer':
        this.bootJavaProducer(plan)
        return
      case 'group-consumer':
        this.bootGroupConsumer(plan)
        return
      case 'old-consumer':
        this.bootOldConsumer(plan)
        return
      default:
        unreachable(plan)
    }
  }

  /** Addresses of ZooKeeper servers; of all where none is named. */
  private serversOf(machines: readonly string[]): readonly Address[] {
    return machines.length === 0
      ? this.zookeeper
      : machines.map((machine) => ({ machine, port: ZOOKEEPER_CLIENT_PORT }))
  }

  private bootOldConsumer(plan: Extract<ClientPlan, { kind: 'old-consumer' }>): void {
    const { name, group, processing, subscription: given } = plan
    const named = { 'auto.commit.enable': processing.commits === 'auto' }
    const config = configValues(oldConsumerConfigTable, named, plan.config)
    const zookeeper = this.serversOf(plan.servers)
    const subscription =
      'topics' in given
        ? { topics: new Map(given.topics.map(({ topic, streams }) => [topic, streams])) }
        : { filter: topicFilter(given.filter, given.regex), streams: given.streams }
    const fetchVersion = fetchVersions[plan.release ?? this.plan.protocol]
    const options = { name, group, config, zookeeper, subscription, processing, fetchVersion }
    const machine = this.world.machine(name)
    machine.install((host) => new OldConsumerProcess(host, options))
    if (plan.autostart) machine.restart()
  }

  private bootKafkaClient(plan: Extract<ClientPlan, { kind: 'producer' | 'consumer' }>): void {
    const machine = this.world.machine(plan.name)
    const bootstrap = this.endpoints(plan.bootstrap)
    const release = plan.release ?? this.plan.protocol
    if (plan.kind === 'producer') {
      const config = configValues(producerConfigTable, plan.config)
      const partitioner = plan.partitioner === undefined ? {} : { partitioner: plan.partitioner }
      // Kept over lives of the process, so that a producer that comes back goes on with new names.
      const workload = plan.workload === undefined ? {} : { workload: plan.workload, progress: { handed: 0 } }
      const magic = { v0: 0, v1: 1, v2: 2 }[presets[release].messageFormat] as Magic
      const options = { name: plan.name, bootstrap, config, magic, ...partitioner, ...workload }
      machine.boot((host) => new OldProducerProcess(host, options))
      return
    }
    const config = configValues(partitionConsumerConfigTable, plan.config)
    const { name, topic, partition, from } = plan
    const leaderEpochs = presets[release].consumerEpochs === 'validated'
    const broker = plan.broker === undefined ? {} : { broker: this.endpoint(plan.broker) }
    machine.boot(
      (host) =>
        new SimpleConsumerProcess(host, {
          name,
          bootstrap,
          config,
          topic,
          partition,
          from,
          leaderEpochs,
          fetchVersion: fetchVersions[release],
          ...broker,
        }),
    )
  }

  private bootJavaProducer(plan: JavaProducerPlan): void {
    const { name } = plan
    const { protocol } = this.plan
    const config = javaProducerConfig(protocol, plan.config)
    const bootstrap = this.endpoints(plan.bootstrap)
    const workload = plan.workload === undefined ? {} : { workload: plan.workload, progress: { handed: 0 } }
    const options = { name, bootstrap, config, versions: presets[protocol], ...workload }
    const machine = this.world.machine(name)
    machine.install((host) => new JavaProducerProcess(host, options))
    if (plan.autostart !== false) machine.restart()
  }

  private bootGroupConsumer(plan: GroupConsumerPlan): void {
    const { name, group, subscribes, processing, pollUs } = plan
    const { protocol } = this.plan
    const named = { 'group.id': group, 'enable.auto.commit': processing.commits === 'auto' }
    const config = configValues(groupConsumerConfigTable, groupConsumerDefaults(protocol), named, plan.config)
    const bootstrap = this.endpoints(plan.bootstrap)
    const versions = presets[protocol]
    const writes =
      plan.writes === undefined
        ? {}
        : { writes: { topic: plan.writes.topic, producer: javaProducerConfig(protocol, plan.writes.config) } }
    const options = { name, bootstrap, config, versions, subscribes, processing, pollUs, ...writes }
    const machine = this.world.machine(name)
    machine.install((host) => new GroupConsumerProcess(host, options))
    if (plan.autostart) machine.restart()
  }

  /** Of brokers by their names; of all where none is named. */
  private endpoints(machines: readonly string[]): BrokerEndpoint[] {
    const names = machines.length === 0 ? count(this.plan.brokers).map(brokerMachine) : machines
    return names.map((name) => this.endpoint(name))
  }

  private endpoint(machine: string): BrokerEndpoint {
    return { id: brokerIdOf(machine), host: machine, port: this.brokerPort(machine) }
  }

  private brokerPort(machine: string): number {
    const own = this.plan.brokerConfigOf[machine]?.port ?? this.plan.brokerConfig.port
    return own === undefined ? KAFKA_PORT : Number(own)
  }

  /** Hands a message to a producer, as an event on its machine; lost if the producer is down. */
  send(request: SendRequest): void {
    const { by, topic, message: value } = request
    this.world.call(by, `send ${value}`, (process) => {
      ;(process as OldProducerProcess | JavaProducerProcess).send({
        topic,
        value,
        ...(request.partition === undefined ? {} : { partition: request.partition }),
        ...(request.key === undefined ? {} : { key: request.key }),
        ...(request.broker === undefined ? {} : { broker: this.endpoint(request.broker) }),
      })
    })
  }

  /** Has a producer begin or end a transaction; lost if it is down. */
  transact(by: string, action: 'beginTransaction' | 'commitTransaction' | 'abortTransaction'): void {
    const what = { beginTransaction: 'begin', commitTransaction: 'commit', abortTransaction: 'abort' } as const
    this.world.call(by, action, (process) => (process as JavaProducerProcess).transact(what[action]))
  }

  /** Has a consumer commit its offsets; lost if it is down. */
  commit(machine: string): void {
    this.world.call(machine, 'commit', (process) => (process as OldConsumerProcess).commitOffsets())
  }

  createTopic(topic: TopicPlan): void {
    this.admin(`create topic ${topic.name}`, (admin) => admin.createTopic(topic))
  }

  addPartitions(topic: string, to: number): void {
    this.admin(`add partitions to ${topic}`, (admin) => admin.addPartitions(topic, to))
  }

  deleteTopic(topic: string): void {
    this.admin(`delete topic ${topic}`, (admin) => admin.deleteTopic(topic))
  }

  reassign(partitions: readonly ReassignedPartition[]): void {
    this.admin('reassign partitions', (admin) => admin.reassign(partitions))
  }

  electPreferred(partitions: readonly PartitionPlan[]): void {
    this.admin('elect preferred replicas', (admin) => admin.electPreferred(partitions))
  }

  /** Has a ZooKeeper client do one operation; lost if the client is down. */
  zk(by: string, operation: ZkOperation, name: string): void {
    this.world.call(by, `${operation.op} ${name}`, (process) => {
      ;(process as ZooKeeperClientProcess).perform(operation, name)
    })
  }

  enterElection(machine: string): void {
    this.world.call(machine, 'enter', (process) => (process as ContenderProcess).enter())
  }

  resignElection(machine: string): void {
    this.world.call(machine, 'resign', (process) => (process as ContenderProcess).resign())
  }

  private admin(tag: string, body: (admin: AdminProcess) => void): void {
    this.world.call(ADMIN_MACHINE, tag, (process) => {
      invariant(process instanceof AdminProcess, 'the admin machine runs something else')
      body(process)
    })
  }
}

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

/** Names of messages, as scenarios and traces use them: `Fetch`, `FetchResponse`, `ZkProposal` … */
function describeMessage(message: Message): string {
  const frame = message as Partial<RequestFrame & Omit<ResponseFrame, 'frame'>>
  if (frame.request !== undefined) return frame.request.api
  if (frame.response !== undefined) return `${frame.response.api}Response`
  return describeZkMessage(message) ?? 'message'
}
