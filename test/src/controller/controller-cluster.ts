/**
 * Brokers that have a controller and an endpoint that records what the controller sends, over fake hosts and a fake
 * ZooKeeper.
 */
import { brokerConfigTable, configValues } from '../../../src/config/index.ts'
import { KafkaController } from '../../../src/controller/index.ts'
import { Digest, runTask, type Task } from '../../../src/host/index.ts'
import {
  decodePartitionState,
  ErrorCode,
  encodeAssignment,
  encodeBroker,
  encodePartitionState,
  encodeTopicConfig,
  type KafkaRequest,
  type KafkaResponse,
  type LeaderAndIsrRequest,
  type StopReplicaRequest,
  serve,
  type UpdateMetadataRequest,
  zkPaths,
} from '../../../src/protocol/index.ts'
import { type ProtocolVersions, presets } from '../../../src/versions.ts'
import type { ZkClient } from '../../../src/zookeeper/index.ts'
import { FakeHost, FakeNetwork } from './fake-hosts.ts'
import { type FakeZkClient, FakeZooKeeper } from './fake-zookeeper.ts'

export type Control = LeaderAndIsrRequest | UpdateMetadataRequest | StopReplicaRequest

export interface Received {
  readonly broker: number
  readonly atUs: number
  readonly request: Control
}

interface FakeBroker {
  readonly host: FakeHost
  readonly zk: FakeZkClient
  readonly controller: KafkaController
}

export class ControllerCluster {
  readonly network = new FakeNetwork()
  readonly zooKeeper = new FakeZooKeeper(this.network.clock)
  /** Every control request that a broker got, repeats included. */
  readonly received: Received[] = []
  /** Brokers that read requests and never answer. */
  readonly mute = new Set<number>()
  /** Brokers that say that they cannot delete a replica. */
  readonly undeletable = new Set<number>()
  private readonly brokers = new Map<number, FakeBroker>()
  private readonly config: Readonly<Record<string, unknown>>
  private readonly versions: ProtocolVersions

  constructor(config: Readonly<Record<string, unknown>> = {}, versions: ProtocolVersions = presets['0.8.2']) {
    this.config = config
    this.versions = versions
    for (const path of [zkPaths.brokerIds, zkPaths.brokerTopics, zkPaths.configTopics, '/admin'])
      this.zooKeeper.put(path)
  }

  /** Starts a broker: it registers itself and its controller stands for election. */
  start(id: number): void {
    const host = new FakeHost(this.network, `b${id}`)
    const zk = this.zooKeeper.client(`b${id}`)
    const endpoint = { id, host: `b${id}`, port: 9092 }
    const controller = new KafkaController(host, {
      brokerId: id,
      endpoint,
      config: configValues(brokerConfigTable, this.config),
      versions: this.versions,
      zk: zk.asZkClient(),
    })
    this.brokers.set(id, { host, zk, controller })
    this.listen(id)
    zk.create(zkPaths.brokerId(id), encodeBroker(endpoint, 0), 'ephemeral', () => {})
    controller.startup()
  }

  /** Starts brokers one by one, so that the first is the controller, and lets them settle. */
  startAll(...ids: number[]): void {
    for (const id of ids) {
      this.start(id)
      this.run(100)
    }
  }

  /** The process of a broker dies; its session ends with it. */
  kill(id: number): void {
    const { host, zk } = this.brokers.get(id)!
    host.die()
    zk.closed = true
    zk.expire()
  }

  /** Its process answers again on its port. */
  listen(id: number): void {
    const host = this.brokers.get(id)!.host
    serve(host, 9092, (request, responder) => {
      this.received.push({ broker: id, atUs: this.network.clock.now, request: request as Control })
      if (!this.mute.has(id)) responder.send(answer(request, this.undeletable.has(id)))
    })
  }

  /** A node and what is below it are gone, whoever removed them. */
  remove(path: string): void {
    for (const child of this.zooKeeper.children(path) ?? []) this.remove(`${path}/${child}`)
    this.zooKeeper.delete(path, -1)
  }

  unlisten(id: number): void {
    this.network.takeDown(`b${id}`)
  }

  run(ms: number): void {
    this.network.clock.run(ms * 1000)
  }

  controller(id: number): KafkaController {
    return this.brokers.get(id)!.controller
  }

  zk(id: number): FakeZkClient {
    return this.brokers.get(id)!.zk
  }

  /** Ids of the brokers that take themselves for the controller. */
  active(): number[] {
    return [...this.brokers].filter(([, { controller, host }]) => controller.isActive && host.alive).map(([id]) => id)
  }

  traced<K extends string>(id: number, kind: K): Array<{ readonly kind: K } & Record<string, unknown>> {
    const events = this.brokers.get(id)!.host.traced.filter((event) => event.kind === kind)
    return events as unknown as Array<{ readonly kind: K } & Record<string, unknown>>
  }

  /** Creates a topic as the admin tool does. */
  createTopic(topic: string, replicas: ReadonlyArray<readonly number[]>, config: Record<string, string> = {}): void {
    this.zooKeeper.put(zkPaths.configTopic(topic), encodeTopicConfig(config))
    this.zooKeeper.put(zkPaths.topic(topic), encodeAssignment(new Map(replicas.map((ids, p) => [p, ids]))))
  }

  state(topic: string, partition = 0): ReturnType<typeof decodePartitionState> {
    const path = zkPaths.partitionState(topic, partition)
    return decodePartitionState(this.zooKeeper.data(path)!, this.zooKeeper.stat(path)!.version)
  }

  /** What the leader of a partition (or another controller) writes behind the controller's back. */
  writeState(
    topic: string,
    change: { leader?: number; leaderEpoch?: number; isr?: readonly number[]; controllerEpoch?: number },
    partition = 0,
  ): void {
    const { leaderAndIsr, controllerEpoch } = this.state(topic, partition)
    const next = { ...leaderAndIsr, ...change }
    const data = encodePartitionState(next, change.controllerEpoch ?? controllerEpoch)
    this.zooKeeper.setData(zkPaths.partitionState(topic, partition), data, -1)
  }

  /** Runs an admin task over a client of its own. */
  admin<R>(task: (zk: ZkClient) => Task<R>): R | undefined {
    let result: R | undefined
    runTask(task(this.zooKeeper.client('admin').asZkClient()), (value) => {
      result = value
    })
    this.run(200)
    return result
  }

  /** Control requests that a broker got since an index into `received`, in short. */
  summary(since = 0): string[] {
    return this.received.slice(since).map(({ broker, request }) => `b${broker} ${describe(request)}`)
  }

  digest(id: number): string {
    const digest = new Digest()
    this.controller(id).digest(digest)
    return digest.hex()
  }
}

/** `LeaderAndIsr t-0:1/0[1,2]`: partition, leader, leader epoch, ISR. */
export function describe(request: Control): string {
  if (request.api === 'StopReplica') {
    const names = request.partitions.map(({ topic, partition }) => `${topic}-${partition}`)
    return `StopReplica${request.deletePartitions ? '+delete' : ''} ${names}`
  }
  const states = request.partitionStates.map(
    ({ topic, partition, leaderAndIsr: { leader, leaderEpoch, isr } }) =>
      `${topic}-${partition}:${leader}/${leaderEpoch}[${isr}]`,
  )
  return `${request.api} ${states.join(' ')}`
}

function answer(request: KafkaRequest, undeletable: boolean): KafkaResponse {
  const { correlationId } = request
  const errorCode = ErrorCode.NoError
  switch (request.api) {
    case 'LeaderAndIsr':
      return { api: 'LeaderAndIsr', correlationId, errorCode, partitions: [] }
    case 'StopReplica': {
      const outcome = undeletable ? ErrorCode.Unknown : ErrorCode.NoError
      const partitions = request.partitions.map((partition) => ({ ...partition, errorCode: outcome }))
      return { api: 'StopReplica', correlationId, errorCode, partitions }
    }
    case 'UpdateMetadata':
      return { api: 'UpdateMetadata', correlationId, errorCode }
    default:
      throw new Error(`the controller sends no ${request.api}`)
  }
}
