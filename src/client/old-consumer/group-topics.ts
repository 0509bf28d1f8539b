/** What a member of a group reads in ZooKeeper before it assigns (`kafka/utils/ZkUtils.scala`, release 0.8.2.2). */
import { type Task, until } from '../../host/index.ts'
import {
  type BrokerEndpoint,
  type ConsumerRegistration,
  decodeAssignment,
  decodeBroker,
  decodeConsumerRegistration,
  zkPaths,
} from '../../protocol/index.ts'
import type { ZkClient, ZkResult } from '../../zookeeper/index.ts'
import type { GroupTopics } from './assignment.ts'
import { allowedTopics } from './topic-filter.ts'

export const threadId = (consumerId: string, stream: number): string => `${consumerId}-${stream}`

export class GroupReader {
  private readonly zk: ZkClient
  private readonly group: string
  private readonly excludeInternalTopics: boolean

  constructor(zk: ZkClient, group: string, excludeInternalTopics: boolean) {
    this.zk = zk
    this.group = group
    this.excludeInternalTopics = excludeInternalTopics
  }

  /** Content of a node; undefined if there is none. */
  *read(path: string): Task<string | undefined> {
    const result = yield* until<ZkResult<{ data: string }>>((resume) => this.zk.getData(path, resume))
    return result.error === 'OK' ? result.value!.data : undefined
  }

  /** Names of the children, sorted; none if there is no such node. */
  *children(path: string): Task<readonly string[]> {
    const result = yield* until<ZkResult<string[]>>((resume) => this.zk.getChildren(path, resume))
    return result.error === 'OK' ? [...result.value!].sort() : []
  }

  /** Brokers that are registered, by id. One that leaves between the two looks is left out. */
  *brokers(): Task<readonly BrokerEndpoint[]> {
    const brokers: BrokerEndpoint[] = []
    const ids = (yield* this.children(zkPaths.brokerIds)).map(Number).sort((a, b) => a - b)
    for (const id of ids) {
      const data = yield* this.read(zkPaths.brokerId(id))
      if (data !== undefined) brokers.push(decodeBroker(id, data))
    }
    return brokers
  }

  *topics(): Task<readonly string[]> {
    return yield* this.children(zkPaths.brokerTopics)
  }

  /** Streams by topic that a member has registered; undefined if it is not registered. */
  *subscription(consumerId: string): Task<ReadonlyMap<string, number> | undefined> {
    const data = yield* this.read(zkPaths.consumerId(this.group, consumerId))
    return data === undefined ? undefined : yield* this.expand(decodeConsumerRegistration(data))
  }

  /** Topics that a registration means now. */
  *expand({ pattern, subscription }: ConsumerRegistration): Task<ReadonlyMap<string, number>> {
    const [filter] = subscription
    if (pattern === 'static' || filter === undefined) return subscription
    const [regex, streams] = filter
    const topics = allowedTopics({ kind: pattern, regex }, yield* this.topics(), this.excludeInternalTopics)
    return new Map(topics.map((topic) => [topic, streams]))
  }

  /**
   * All that the plan depends on, for the topics of one member. Undefined if a member's node went away meanwhile, the own
   * one included: another rebalance is on its way then.
   */
  *topicsOf(consumerId: string): Task<GroupTopics | undefined> {
    const own = yield* this.subscription(consumerId)
    if (own === undefined) return undefined
    const partitions = new Map<string, readonly number[]>()
    for (const topic of [...own.keys()].sort()) {
      const data = yield* this.read(zkPaths.topic(topic))
      partitions.set(topic, data === undefined ? [] : [...decodeAssignment(data).keys()])
    }
    const threads = new Map<string, string[]>()
    for (const member of yield* this.children(zkPaths.consumerIds(this.group))) {
      const subscription = yield* this.subscription(member)
      if (subscription === undefined) return undefined
      for (const [topic, streams] of subscription) {
        let among = threads.get(topic)
        if (among === undefined) threads.set(topic, (among = []))
        for (let stream = 0; stream < streams; stream++) among.push(threadId(member, stream))
      }
    }
    for (const among of threads.values()) among.sort()
    return { partitions, threads }
  }
}
