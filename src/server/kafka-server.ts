/**
 * A Kafka broker, put together: start-up in Kafka's order, controlled shutdown, digest
 * (`kafka/server/KafkaServer.scala`, 0.8.2.2). Roles come only from the controller: a fresh broker knows nothing about
 * its partitions until LeaderAndIsr arrives.
 */
import {
  isDiskFailure,
  KafkaApis,
  MetadataCache,
  ProduceHandler,
  ReplicaManager,
  registerBroker,
  TopicConfigs,
  TransactionVerifier,
  traceBroker,
} from '../broker/index.ts'
import type { BrokerConfig } from '../config/index.ts'
import { KafkaController, Refusal, readAssignment } from '../controller/index.ts'
import { GroupRequests, ProducerIds, TransactionRequests } from '../coordinator/index.ts'
import { type Address, type Digest, fromMs, type Host, type Process, runTask, type Task, until } from '../host/index.ts'
import {
  type BrokerEndpoint,
  commonPaths,
  type ErrorCode,
  isGroupRequest,
  isTransactionRequest,
  OFFSETS_TOPIC,
  type RpcServer,
  serve,
  zkPaths,
} from '../protocol/index.ts'
import { LogManager } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import { ZkClient, type ZkResult } from '../zookeeper/index.ts'
import { brokerAccess } from './broker-access.ts'
import {
  type BrokerMetadata,
  getOrGenerateClusterId,
  metadataMismatch,
  readBrokerMetadata,
  writeBrokerMetadata,
} from './broker-metadata.ts'
import { controlledShutdown } from './controlled-shutdown.ts'
import { releaseLogFormat } from './release-log-format.ts'
import { createMissingTopic } from './topic-creation.ts'

const SESSION_EXPIRED = 'the ZooKeeper session expired while the broker started'

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
  private readonly metadataCache: MetadataCache
  private readonly replicas: ReplicaManager
  private readonly controller: KafkaController
  private readonly groups: GroupRequests
  private readonly transactions: TransactionRequests
  private readonly verifier: TransactionVerifier | undefined
  private readonly producerIds: ProducerIds
  private socketServer: RpcServer | undefined
  private logsAreLoaded = false
  /** What `meta.properties` shall say, in releases that have one. */
  private metadata: BrokerMetadata | undefined
  /** The session in which this process registered itself last. */
  private registeredIn: string | null = null
  private state: 'starting' | 'running' | 'shutting-down' = 'starting'

  constructor(host: Host, options: KafkaServerOptions) {
    const { brokerId, config, versions } = options
    this.host = host
    this.options = options
    this.endpoint = { id: brokerId, host: host.machine, port: config.port }
    this.zk = new ZkClient(host, {
      servers: options.zookeeper,
      sessionTimeoutMs: config['zookeeper.session.timeout.ms'],
      sessionExpiry: versions.sessionExpiry,
    })
    this.topicConfigs = new TopicConfigs(config, versions, this.zk)
    this.metadataCache = new MetadataCache(versions.fetchFencing !== 'none')
    this.logs = new LogManager(host, '', {
      config,
      topicConfig: (topic) => this.topicConfigs.config(topic),
      logFormat: (topic) => releaseLogFormat(versions, this.topicConfigs.config(topic)),
      cleanerRules: versions,
      shutdownMark: versions.shutdownMark,
      deletedReplica: versions.deletedReplica,
    })
    this.replicas = new ReplicaManager(host, {
      brokerId,
      config,
      versions,
      zk: this.zk,
      logs: this.logs,
      metadataCache: this.metadataCache,
      topicConfigs: this.topicConfigs,
      leadership: {
        becameLeader: (topic, partition) => this.groups.becameLeader(topic, partition),
        becameFollower: (topic, partition, wasLeader) => this.groups.becameFollower(topic, partition, wasLeader),
        changed: (leaders, followers) => {
          this.groups.changed(leaders, followers)
          this.transactions.changed(leaders, followers)
        },
      },
    })
    this.controller = new KafkaController(host, {
      brokerId,
      endpoint: this.endpoint,
      config,
      versions,
      zk: this.zk,
    })
    const verifies = versions.transactions === 'verified' || versions.transactions === 'epoch-per-transaction'
    if (verifies) {
      this.verifier = new TransactionVerifier(host, {
        brokerId,
        requestTimeoutMs: config['request.timeout.ms'],
        coordinatorOf: (id) => this.transactions.coordinatorOf(id),
      })
    }
    const broker = brokerAccess({
      brokerId,
      replicas: this.replicas,
      metadataCache: this.metadataCache,
      logs: this.logs,
      produce: new ProduceHandler(host, this.replicas, this.verifier),
      createTopic: (topic, done) => runTask(this.autoCreate(topic), done),
    })
    this.producerIds = new ProducerIds(this.zk, this.options.brokerId)
    this.groups = new GroupRequests(host, { broker, config, versions, zk: this.zk })
    this.transactions = new TransactionRequests(host, {
      broker,
      config,
      versions,
      offsetsPartitions: () => this.groups.partitionCount,
      newProducerId: (done) => this.producerIds.next(done),
    })
  }

  /** Without ZooKeeper a broker does not start: it gives up after `zookeeper.connection.timeout.ms`. */
  start(): void {
    const timeoutMs = this.options.config['zookeeper.connection.timeout.ms']
    const timer = this.host.setTimer(fromMs(timeoutMs), 'ZooKeeper connection timeout', () =>
      this.host.halt(`unable to connect to ZooKeeper within ${timeoutMs} ms`),
    )
    this.zk.start(() => {
      timer.cancel()
      runTask(this.startup())
    })
  }

  /** Where operations fail with their session (from 1.1), a broker whose session expires as it starts gives up. */
  private *startup(): Task<void> {
    try {
      yield* this.startUp()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      yield* this.stop(SESSION_EXPIRED)
    }
  }

  private *startUp(): Task<void> {
    const { versions } = this.options
    const paths = versions.isrPropagation === 'none' ? commonPaths : [...commonPaths, zkPaths.isrChangeNotification]
    for (const path of paths) {
      const made = yield* until<ZkResult<unknown>>((resume) => this.zk.createRecursive(path, resume))
      if (made.error === 'SessionExpired') return yield* this.stop(SESSION_EXPIRED)
    }
    yield* this.checkMetadata()
    yield* this.readAllTopicConfigs()
    this.loadLogs()
    const { config } = this.options
    const apis = new KafkaApis(this.host, {
      replicas: this.replicas,
      metadataCache: this.metadataCache,
      controlledShutdown: (id, epoch, done) => this.controller.controlledShutdown(id, done, epoch),
      alterPartition: (request, done) => this.controller.alterPartition(request, done),
      autoCreateTopic: (topic, done) => runTask(this.autoCreate(topic), done),
      requestTimeoutMs: config['request.timeout.ms'],
      verifier: this.verifier,
      offsetsDecided: (id, committed, partitions) => this.groups.transactionDecided(id, committed, partitions),
    })
    this.socketServer = serve(this.host, config.port, (request, responder, connection) => {
      const isTransactions = request.api === 'FindCoordinator' && request.keyType === 'transaction'
      if (isTransactions || isTransactionRequest(request)) this.transactions.handle(request, responder)
      else if (isGroupRequest(request)) this.groups.handle(request, responder, connection)
      else apis.handle(request, responder, connection)
    })
    this.groups.start(yield* this.offsetsTopicPartitions())
    this.transactions.start()
    this.replicas.startup()
    if (versions.sessionExpiry === 'operations-go-on') {
      this.controller.startup()
      // Kafka's main thread stands for election, and goes through the failover if it wins, before it registers the broker.
      yield* until<void>((resume) => this.controller.inTurn('start-up', () => finish(resume)))
      // A new session: behind the controller's own listener, and holding up the events after it.
      this.registerInEachSession()
      if (!(yield* this.registerOrStop())) return
    } else {
      // From 1.1 the broker is registered first, here and in each new session.
      if (!(yield* this.registerOrStop())) return
      this.registerInEachSession()
      this.controller.startup()
    }
    if (this.state === 'starting') this.state = 'running'
  }

  private registerInEachSession(): void {
    this.zk.subscribeState({
      newSession: () => this.controller.inTurn('broker registration', () => this.registerAgain()),
    })
  }

  private *registerOrStop(): Task<boolean> {
    const outcome = yield* this.register(false)
    if (outcome === 'registered') {
      this.writeMetadata()
      return true
    }
    const taken = `a broker is already registered on ${zkPaths.brokerId(this.endpoint.id)}`
    yield* this.stop(outcome === 'id-taken' ? taken : SESSION_EXPIRED)
    return false
  }

  /** A broker does not start in the data directory of another one. */
  private *checkMetadata(): Task<void> {
    const { versions, brokerId } = this.options
    const { brokerMetadata } = versions
    if (brokerMetadata === 'none') return
    const isInCluster = brokerMetadata !== 'broker-id'
    const clusterId = isInCluster ? yield* getOrGenerateClusterId(this.host, this.zk) : undefined
    const own = brokerMetadata === 'broker-and-cluster-id' ? { brokerId, clusterId: clusterId! } : { brokerId }
    this.metadata = own
    this.withDisk('meta.properties cannot be read', () => {
      const mismatch = metadataMismatch(readBrokerMetadata(this.host.files), own, versions)
      if (mismatch !== undefined) this.host.halt(mismatch)
    })
  }

  /** Before 2.4 the file is left alone if there is one. */
  private writeMetadata(): void {
    const { metadata, host } = this
    if (metadata === undefined) return
    this.withDisk('meta.properties cannot be written', () => {
      if (metadata.clusterId !== undefined || readBrokerMetadata(host.files) === undefined) {
        writeBrokerMetadata(host.files, metadata)
      }
    })
  }

  private *readAllTopicConfigs(): Task<void> {
    const topics = yield* until<ZkResult<readonly string[]>>((resume) =>
      this.zk.getChildren(zkPaths.brokerTopics, resume),
    )
    if (topics.error === 'SessionExpired') throw new Refusal('state-change-failed', SESSION_EXPIRED)
    for (const topic of topics.value ?? []) yield* this.topicConfigs.read(topic)
  }

  private loadLogs(): void {
    this.withDisk('the logs cannot be loaded', () => {
      const { cleanShutdown } = this.logs.load()
      this.logsAreLoaded = true
      this.logs.startup()
      const { brokerId } = this.options
      if (this.host.tracing) traceBroker(this.host, { kind: 'BrokerStarted', brokerId, cleanShutdown })
    })
  }

  /** A broker whose disk fails as it starts ends. */
  private withDisk(what: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      if (isDiskFailure(error)) this.host.halt(`${what}: ${error.message}`)
      throw error
    }
  }

  private *register(inNewSession: boolean): Task<'registered' | 'id-taken' | 'session-expired'> {
    const { config, versions } = this.options
    const timeoutMs = config['zookeeper.session.timeout.ms']
    const { host, zk, endpoint, registeredIn } = this
    const outcome = yield* registerBroker(host, zk, endpoint, timeoutMs, versions, registeredIn, inNewSession)
    if (typeof outcome === 'string') return outcome
    this.replicas.fence.brokerEpoch = outcome.epoch
    this.registeredIn = outcome.session
    return 'registered'
  }

  /** If another broker has the id meanwhile, the event thread logs that and the broker works on, unregistered. */
  private *registerAgain(): Task<void> {
    yield* this.register(true)
  }

  private autoCreate(topic: string): Task<ErrorCode> {
    const { config, versions } = this.options
    const { host, zk, metadataCache } = this
    return createMissingTopic({ host, zk, config, versions, liveBrokers: () => metadataCache.brokers.length }, topic)
  }

  /** How many partitions the offsets topic has; undefined: there is none yet, or (0.8.2) nobody looks. */
  private *offsetsTopicPartitions(): Task<number | undefined> {
    if (this.options.versions.groupCoordinator !== 'group-membership') return undefined
    return (yield* readAssignment(this.zk, OFFSETS_TOPIC))?.size
  }

  /** SIGTERM: hand leadership over, then stop in order. */
  shutdown(): void {
    if (this.state !== 'shutting-down') runTask(this.stop('shut down'))
  }

  private *stop(reason: string): Task<void> {
    const wasRunning = this.state === 'running'
    const { config, brokerId } = this.options
    this.state = 'shutting-down'
    this.replicas.beginShutdown()
    if (wasRunning && config['controlled.shutdown.enable']) {
      const { brokerEpoch } = this.replicas.fence
      const broker = brokerEpoch === undefined ? { brokerId } : { brokerId, brokerEpoch }
      yield* controlledShutdown(this.host, this.zk, broker, config)
    }
    this.socketServer?.shutdown()
    this.groups.stop()
    this.transactions.stop()
    this.verifier?.close()
    if (this.logsAreLoaded) {
      yield* until<void>((resume) => this.replicas.shutdown(() => resume()))
      this.closeLogs()
    }
    this.controller.shutdown()
    yield* until<void>((resume) => this.zk.close(() => resume()))
    this.host.halt(reason)
  }

  /** If the disk fails there is no mark of a clean shutdown, and the broker stops all the same. */
  private closeLogs(): void {
    try {
      this.logs.shutdown()
    } catch (error) {
      if (!isDiskFailure(error)) throw error
    }
  }

  digest(digest: Digest): void {
    digest.string(this.state).boolean(this.logsAreLoaded)
    this.zk.digest(digest)
    this.replicas.digest(digest)
    this.logs.digest(digest)
    this.metadataCache.digest(digest)
    this.groups.digest(digest)
    this.transactions.digest(digest)
    this.verifier?.digest(digest)
    this.producerIds.digest(digest)
    this.controller.digest(digest)
  }
}

/** A procedure that only says that its turn has come. */
// biome-ignore lint/correctness/useYield: it does not wait
function* finish(resume: () => void): Task<void> {
  resume()
}
