/**
 * A Kafka broker, put together: start-up in Kafka's order, controlled shutdown, digest
 * (`kafka/server/KafkaServer.scala`, 0.8.2.2). Roles come only from the controller: a fresh broker knows nothing about
 * its partitions until LeaderAndIsr arrives.
 */
import { KafkaApis, MetadataCache, ReplicaManager, registerBroker, TopicConfigs, traceBroker } from '../broker/index.ts'
import type { BrokerConfig } from '../config/index.ts'
import { assignReplicasToBrokers, createTopic, KafkaController } from '../controller/index.ts'
import {
  type Address,
  type Digest,
  fromMs,
  type Host,
  type Process,
  runTask,
  sleep,
  type Task,
  until,
} from '../host/index.ts'
import {
  BlockingChannel,
  type BrokerEndpoint,
  type ControlledShutdownResponse,
  commonPaths,
  decodeBroker,
  decodeController,
  ErrorCode,
  type RpcResult,
  serve,
  zkPaths,
} from '../protocol/index.ts'
import { LogManager } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import { ZkClient, type ZkResult } from '../zookeeper/index.ts'

export interface KafkaServerOptions {
  readonly brokerId: number
  readonly config: BrokerConfig
  readonly versions: ProtocolVersions
  readonly zookeeper: readonly Address[]
}

export class KafkaServer implements Process {
  private readonly host: Host
  private readonly options: KafkaServerOptions
  private readonly endpoint: BrokerEndpoint
  private readonly zk: ZkClient
  private readonly topicConfigs: TopicConfigs
  private readonly logs: LogManager
  private readonly metadataCache = new MetadataCache()
  private readonly replicas: ReplicaManager
  private readonly controller: KafkaController
  private state: 'starting' | 'running' | 'shutting-down' = 'starting'

  constructor(host: Host, options: KafkaServerOptions) {
    const { brokerId, config, versions } = options
    this.host = host
    this.options = options
    this.endpoint = { id: brokerId, host: host.machine, port: config.port }
    this.zk = new ZkClient(host, {
      servers: options.zookeeper,
      sessionTimeoutMs: config['zookeeper.session.timeout.ms'],
    })
    this.topicConfigs = new TopicConfigs(config, versions, this.zk)
    this.logs = new LogManager(host, '', { config, topicConfig: (topic) => this.topicConfigs.config(topic) })
    this.replicas = new ReplicaManager(host, {
      brokerId,
      config,
      versions,
      zk: this.zk,
      logs: this.logs,
      metadataCache: this.metadataCache,
      topicConfigs: this.topicConfigs,
    })
    this.controller = new KafkaController(host, {
      brokerId,
      endpoint: this.endpoint,
      config,
      versions,
      zk: this.zk,
    })
  }

  start(): void {
    this.zk.start(() => runTask(this.startup()))
  }

  private *startup(): Task<void> {
    for (const path of commonPaths) {
      yield* until<unknown>((resume) => this.zk.createRecursive(path, resume))
    }
    yield* this.readAllTopicConfigs()
    const { cleanShutdown } = this.replicas.withDisk(() => this.logs.load())
    const { brokerId, config } = this.options
    if (this.host.tracing) traceBroker(this.host, { kind: 'BrokerStarted', brokerId, cleanShutdown })
    const apis = new KafkaApis(this.host, {
      replicas: this.replicas,
      metadataCache: this.metadataCache,
      versions: this.options.versions,
      controlledShutdown: (id, done) => this.controller.controlledShutdown(id, done),
      ...(config['auto.create.topics.enable']
        ? {
            autoCreateTopic: (topic: string, done: (created: boolean) => void) => runTask(this.autoCreate(topic), done),
          }
        : {}),
    })
    serve(this.host, config.port, (request, responder, connection) => apis.handle(request, responder, connection))
    this.replicas.startup()
    this.controller.startup()
    this.zk.subscribeState({ newSession: () => runTask(this.register()) })
    yield* this.register()
    if (this.state === 'starting') this.state = 'running'
  }

  private *readAllTopicConfigs(): Task<void> {
    const topics = yield* until<ZkResult<readonly string[]>>((resume) =>
      this.zk.getChildren(zkPaths.configTopics, resume),
    )
    for (const topic of topics.value ?? []) yield* this.topicConfigs.read(topic)
  }

  private *register(): Task<void> {
    const timeoutMs = this.options.config['zookeeper.session.timeout.ms']
    const outcome = yield* registerBroker(this.host, this.zk, this.endpoint, timeoutMs)
    if (outcome === 'id-taken')
      this.host.halt(`a broker is already registered on ${zkPaths.brokerId(this.endpoint.id)}`)
  }

  private *autoCreate(topic: string): Task<boolean> {
    const { config } = this.options
    const ids = this.metadataCache.brokers.map((broker) => broker.id).sort((a, b) => a - b)
    const factor = config['default.replication.factor']
    if (ids.length < factor || ids.length === 0) return false
    const random = this.host.random('auto-create-topic')
    const start = random.intBelow(ids.length, 'first broker')
    const shift = random.intBelow(ids.length, 'shift')
    const assignment = assignReplicasToBrokers(ids, config['num.partitions'], factor, start, shift)
    return (yield* createTopic(this.zk, topic, assignment, {})) === 'OK'
  }

  /** SIGTERM: hand leadership over, then stop in order. */
  shutdown(): void {
    if (this.state === 'shutting-down') return
    const wasRunning = this.state === 'running'
    this.state = 'shutting-down'
    runTask(this.stop(wasRunning))
  }

  private *stop(wasRunning: boolean): Task<void> {
    const { config } = this.options
    if (wasRunning && config['controlled.shutdown.enable']) yield* this.controlledShutdown()
    this.host.unlisten(config.port)
    this.replicas.shutdown()
    this.replicas.withDisk(() => this.logs.shutdown())
    this.controller.shutdown()
    yield* until<void>((resume) => this.zk.close(() => resume()))
    this.host.halt('shut down')
  }

  private *controlledShutdown(): Task<void> {
    const { config, brokerId } = this.options
    const backoffUs = fromMs(config['controlled.shutdown.retry.backoff.ms'])
    for (let left = config['controlled.shutdown.max.retries']; left > 0; left--) {
      const remaining = yield* this.askController(brokerId)
      if (remaining === 0) return
      yield* sleep(this.host, backoffUs, 'controlled shutdown back-off')
    }
  }

  /** How many partitions the controller says are still led here; undefined if it could not be asked. */
  private *askController(brokerId: number): Task<number | undefined> {
    const holder = yield* until<ZkResult<{ data: string }>>((resume) => this.zk.getData(zkPaths.controller, resume))
    if (holder.error !== 'OK') return undefined
    const id = decodeController(holder.value!.data)
    const node = yield* until<ZkResult<{ data: string }>>((resume) => this.zk.getData(zkPaths.brokerId(id), resume))
    if (node.error !== 'OK') return undefined
    const { host, port } = decodeBroker(id, node.value!.data)
    const timeoutUs = fromMs(this.options.config['controller.socket.timeout.ms'])
    const channel = new BlockingChannel(this.host, { machine: host, port }, timeoutUs, 'controlled shutdown')
    const result = yield* until<RpcResult<ControlledShutdownResponse>>((resume) =>
      channel.call({ api: 'ControlledShutdown', correlationId: 0, brokerId }, resume),
    )
    channel.close()
    if (!result.ok || result.response.errorCode !== ErrorCode.NoError) return undefined
    return result.response.partitionsRemaining.length
  }

  digest(digest: Digest): void {
    digest.string(this.state)
    this.zk.digest(digest)
    this.replicas.digest(digest)
    this.metadataCache.digest(digest)
    this.controller.digest(digest)
  }
}
