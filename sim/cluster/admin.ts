/**
 * The operator's machine: Kafka's command line tools, which talk to ZooKeeper only (`kafka.admin.TopicCommand`, 0.8.2.2).
 * It waits until all brokers of the plan are registered, then creates the plan's topics.
 */
import {
  AdminOperationError,
  addPartitions,
  assignReplicasToBrokers,
  createTopic,
  exceptionName,
  requestPreferredElection,
  requestReassignment,
  requestTopicDeletion,
} from '../../src/controller/index.ts'
import {
  type Address,
  type Digest,
  type Host,
  MILLISECOND,
  type Process,
  SECOND,
  sleep,
  type Task,
  TaskQueue,
  until,
} from '../../src/host/index.ts'
import { randomUuid, zkPaths } from '../../src/protocol/index.ts'
import type { ProtocolVersions } from '../../src/versions.ts'
import { ZkClient, type ZkError, type ZkResult } from '../../src/zookeeper/index.ts'
import type { PartitionPlan, ReassignedPartition, TopicPlan } from '../scenario/plan.ts'
import type { ClusterEvent } from './events.ts'

const SESSION_TIMEOUT_MS = 30_000
const POLL_US = 50 * MILLISECOND
/** A broker that is not up by then (a story may crash it early) is not waited for. */
const BROKERS_WAIT_US = 20 * SECOND

export class AdminProcess implements Process {
  private readonly host: Host
  private readonly zk: ZkClient
  private readonly versions: ProtocolVersions
  private readonly brokers: number
  private readonly topics: readonly TopicPlan[]
  private readonly onReady: () => void
  private readonly work = new TaskQueue()

  constructor(
    host: Host,
    options: {
      readonly zookeeper: readonly Address[]
      readonly versions: ProtocolVersions
      readonly brokers: number
      readonly topics: readonly TopicPlan[]
      /** Told once, when the plan's topics stand in ZooKeeper. */
      readonly onReady: () => void
    },
  ) {
    this.host = host
    this.versions = options.versions
    this.brokers = options.brokers
    this.topics = options.topics
    this.onReady = options.onReady
    this.zk = new ZkClient(host, { servers: options.zookeeper, sessionTimeoutMs: SESSION_TIMEOUT_MS })
  }

  start(): void {
    this.zk.start(() => {
      this.work.add('wait for brokers', () => this.awaitBrokers())
      for (const topic of this.topics) this.createTopic(topic)
      const { onReady } = this
      // biome-ignore lint/correctness/useYield: it waits only for its turn
      this.work.add('topics created', function* () {
        onReady()
      })
    })
  }

  createTopic(topic: TopicPlan): void {
    this.work.add(`create topic ${topic.name}`, () => this.create(topic))
  }

  /** `kafka-topics.sh --alter --partitions`. @param to how many it shall have in all */
  addPartitions(topic: string, to: number): void {
    this.ask(`${topic} shall have ${to} partitions`, () => addPartitions(this.zk, this.versions, topic, to))
  }

  /** `kafka-topics.sh --delete` */
  deleteTopic(topic: string): void {
    this.ask(`delete ${topic}`, () => requestTopicDeletion(this.zk, topic))
  }

  /** `kafka-reassign-partitions.sh` */
  reassign(partitions: readonly ReassignedPartition[]): void {
    const words = partitions.map(({ topic, partition, replicas }) => `${topic}-${partition} to ${brokers(replicas)}`)
    this.ask(`move ${words.join(', ')}`, () => requestReassignment(this.zk, this.versions, partitions))
  }

  /** `kafka-preferred-replica-election.sh` */
  electPreferred(partitions: readonly PartitionPlan[]): void {
    const words = partitions.map(({ topic, partition }) => `${topic}-${partition}`)
    this.ask(`let the preferred replica lead ${words.join(', ')}`, () => requestPreferredElection(this.zk, partitions))
  }

  /** Writes a request into ZooKeeper and says whether it stands there; the tools do not wait until it is done. */
  private ask(request: string, write: () => Task<ZkError>): void {
    this.work.add(request, () => this.run(request, write))
  }

  private *run(request: string, write: () => Task<ZkError>): Task<void> {
    try {
      this.tell(request, yield* write())
    } catch (error) {
      if (!(error instanceof AdminOperationError)) throw error
      this.tellMistake(request, error)
    }
  }

  private tellMistake(request: string, mistake: AdminOperationError): void {
    this.tell(request, `${exceptionName(mistake, this.versions)}: ${mistake.message}`)
  }

  private tell(request: string, error: string): void {
    const event: ClusterEvent = { kind: 'AdminAsked', request, error }
    if (this.host.tracing) this.host.trace(event)
  }

  private *awaitBrokers(): Task<void> {
    const giveUpUs = this.host.now() + BROKERS_WAIT_US
    while ((yield* this.liveBrokers()).length < this.brokers && this.host.now() < giveUpUs) {
      yield* sleep(this.host, POLL_US, 'wait for brokers')
    }
  }

  private *liveBrokers(): Task<readonly number[]> {
    const result = yield* until<ZkResult<readonly string[]>>((resume) => this.zk.getChildren(zkPaths.brokerIds, resume))
    return (result.value ?? []).map(Number).sort((a, b) => a - b)
  }

  private *create(topic: TopicPlan): Task<void> {
    const config: Record<string, string> = {}
    for (const key of Object.keys(topic.config)) config[key] = String(topic.config[key])
    let assignment: ReadonlyMap<number, readonly number[]>
    if (topic.replicas !== undefined) {
      assignment = new Map(topic.replicas.map((replicas, partition) => [partition, replicas]))
    } else {
      let brokers = yield* this.liveBrokers()
      if (brokers.length < topic.replicationFactor) this.tellTooFew(topic, brokers.length)
      // The operator gives up where that can never be; otherwise tries again until enough brokers are back.
      if (topic.replicationFactor > this.brokers) return
      while (brokers.length < topic.replicationFactor) {
        yield* sleep(this.host, POLL_US, 'wait for brokers')
        brokers = yield* this.liveBrokers()
      }
      const random = this.host.random(`assignment/${topic.name}`)
      const start = random.intBelow(brokers.length, 'first broker')
      const shift = random.intBelow(brokers.length, 'shift')
      assignment = assignReplicasToBrokers(brokers, topic.partitions, topic.replicationFactor, start, shift)
    }
    const id = this.versions.topicIds === 'kept' ? randomUuid(this.host.random('topic-id')) : undefined
    const error = yield* createTopic(this.zk, topic.name, assignment, config, id)
    if (error !== 'OK') this.tell(`create topic ${topic.name}`, error)
  }

  private tellTooFew({ name, replicationFactor }: TopicPlan, available: number): void {
    const message = `replication factor: ${replicationFactor} larger than available brokers: ${available}`
    this.tellMistake(`create topic ${name}`, new AdminOperationError(message, 'too-few-brokers'))
  }

  digest(digest: Digest): void {
    digest.string(this.work.current ?? '').int(this.work.length)
    this.zk.digest(digest)
  }
}

const brokers = (ids: readonly number[]): string => ids.map((id) => `b${id}`).join(' ')
