/**
 * The operator's machine: Kafka's command line tools, which talk to ZooKeeper only (`kafka.admin.TopicCommand`, 0.8.2.2).
 * It waits until all brokers of the plan are registered, then creates the plan's topics.
 */
import { assignReplicasToBrokers, createTopic } from '../../src/controller/index.ts'
import {
  type Address,
  type Digest,
  type Host,
  MILLISECOND,
  type Process,
  sleep,
  type Task,
  TaskQueue,
  until,
} from '../../src/host/index.ts'
import { zkPaths } from '../../src/protocol/index.ts'
import { ZkClient, type ZkResult } from '../../src/zookeeper/index.ts'
import type { TopicPlan } from '../scenario/plan.ts'

const SESSION_TIMEOUT_MS = 30_000
const POLL_US = 50 * MILLISECOND

export class AdminProcess implements Process {
  private readonly host: Host
  private readonly zk: ZkClient
  private readonly brokers: number
  private readonly topics: readonly TopicPlan[]
  private readonly work = new TaskQueue()

  constructor(
    host: Host,
    options: {
      readonly zookeeper: readonly Address[]
      readonly brokers: number
      readonly topics: readonly TopicPlan[]
    },
  ) {
    this.host = host
    this.brokers = options.brokers
    this.topics = options.topics
    this.zk = new ZkClient(host, { servers: options.zookeeper, sessionTimeoutMs: SESSION_TIMEOUT_MS })
  }

  start(): void {
    this.zk.start(() => {
      this.work.add('wait for brokers', () => this.awaitBrokers())
      for (const topic of this.topics) this.createTopic(topic)
    })
  }

  createTopic(topic: TopicPlan): void {
    this.work.add(`create topic ${topic.name}`, () => this.create(topic))
  }

  private *awaitBrokers(): Task<void> {
    while ((yield* this.liveBrokers()).length < this.brokers) yield* sleep(this.host, POLL_US, 'wait for brokers')
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
      // The tool would refuse; here the operator tries again when enough brokers are back.
      while (brokers.length < topic.replicationFactor) {
        yield* sleep(this.host, POLL_US, 'wait for brokers')
        brokers = yield* this.liveBrokers()
      }
      const random = this.host.random(`assignment/${topic.name}`)
      const start = random.intBelow(brokers.length, 'first broker')
      const shift = random.intBelow(brokers.length, 'shift')
      assignment = assignReplicasToBrokers(brokers, topic.partitions, topic.replicationFactor, start, shift)
    }
    yield* createTopic(this.zk, topic.name, assignment, config)
  }

  digest(digest: Digest): void {
    digest.string(this.work.current ?? '').int(this.work.length)
    this.zk.digest(digest)
  }
}
