/**
 * Tells the controller which partitions had their ISR changed by this broker, in one sequential node for many of them:
 * when nothing changed for five seconds, or a minute after the last time (KAFKA-1367;
 * `ReplicaManager.maybePropagateIsrChanges`, 0.9.0.0).
 */
import { type Digest, fromMs, type Host, type Micros } from '../host/index.ts'
import { encodePartitionList, splitTopicPartition, type TopicPartition, zkPaths } from '../protocol/index.ts'
import type { ZkClient } from '../zookeeper/index.ts'

export const ISR_PROPAGATION_CHECK_MS = 2_500
const BLACK_OUT_US = fromMs(5_000)
const INTERVAL_US = fromMs(60_000)

export class IsrChangePropagation {
  private readonly host: Host
  private readonly zk: ZkClient
  private readonly changed = new Set<TopicPartition>()
  private lastChangeUs: Micros
  private lastPropagationUs: Micros

  constructor(host: Host, zk: ZkClient) {
    this.host = host
    this.zk = zk
    this.lastChangeUs = host.now()
    this.lastPropagationUs = host.now()
  }

  record(tp: TopicPartition): void {
    this.changed.add(tp)
    this.lastChangeUs = this.host.now()
  }

  /** `done` is called when the node is written, or there is nothing to tell yet. */
  check(done: () => void): void {
    const now = this.host.now()
    const quiet = this.lastChangeUs + BLACK_OUT_US < now
    if (this.changed.size === 0 || !(quiet || this.lastPropagationUs + INTERVAL_US < now)) return done()
    const told = [...this.changed]
    const data = encodePartitionList({ partitions: told.map(splitTopicPartition) })
    this.changed.clear()
    this.lastPropagationUs = now
    const path = `${zkPaths.isrChangeNotification}/isr_change_`
    this.zk.create(path, data, 'persistent-sequential', ({ error }) => {
      // The session expired: told again at the next check.
      if (error !== 'OK') for (const tp of told) this.changed.add(tp)
      done()
    })
  }

  digest(digest: Digest): void {
    for (const tp of this.changed) digest.string(tp)
    digest.int(this.lastChangeUs).int(this.lastPropagationUs)
  }
}
