/**
 * All fetchers of a broker: one for each (source broker, fetcher id), where a partition's fetcher id is
 * |31 * hash(topic) + partition| mod num.replica.fetchers (`kafka/server/AbstractFetcherManager.scala`, 0.8.2.2).
 */
import type { Digest, Host, Task } from '../host/index.ts'
import { until } from '../host/index.ts'
import { type BrokerEndpoint, javaAbs, javaStringHash, type TopicPartition } from '../protocol/index.ts'
import type { InitialFetchState } from './fetch-state.ts'
import type { FetcherSettings, FetcherTarget } from './fetcher-target.ts'
import { ReplicaFetcher } from './replica-fetcher.ts'

export class ReplicaFetcherManager {
  private readonly fetchers = new Map<string, ReplicaFetcher>()
  private readonly host: Host
  private readonly fetcherCount: number
  private readonly settings: FetcherSettings
  private readonly target: FetcherTarget

  constructor(host: Host, fetcherCount: number, settings: FetcherSettings, target: FetcherTarget) {
    this.host = host
    this.fetcherCount = fetcherCount
    this.settings = settings
    this.target = target
  }

  addPartition(leader: BrokerEndpoint, initial: InitialFetchState): void {
    const { topic, partition } = initial
    const fetcherId = javaAbs((Math.imul(31, javaStringHash(topic)) + partition) | 0) % this.fetcherCount
    const key = `${leader.id}/${fetcherId}`
    let fetcher = this.fetchers.get(key)
    if (fetcher === undefined) {
      fetcher = new ReplicaFetcher(this.host, leader, fetcherId, this.settings, this.target)
      this.fetchers.set(key, fetcher)
    }
    fetcher.addPartitions([initial])
  }

  /** Waits until no fetcher works on the partitions, then has them forgotten. */
  *removePartitions(partitions: readonly TopicPartition[]): Task<void> {
    if (partitions.length === 0) return
    for (const fetcher of [...this.fetchers.values()]) {
      yield* until<void>((resume) => fetcher.removePartitions(partitions, () => resume()))
    }
  }

  /** Ends fetchers that have nothing to fetch. */
  shutdownIdle(): void {
    for (const [key, fetcher] of [...this.fetchers]) {
      if (fetcher.partitionCount > 0) continue
      fetcher.shutdown()
      this.fetchers.delete(key)
    }
  }

  shutdown(): void {
    for (const fetcher of this.fetchers.values()) fetcher.shutdown()
    this.fetchers.clear()
  }

  digest(digest: Digest): void {
    for (const [key, fetcher] of this.fetchers) {
      digest.string(key)
      fetcher.digest(digest)
    }
  }
}
