/** What brokers still have on their disks of partitions that were taken away from them, and why. */
import type { SystemEvent } from '../../src/events.ts'
import { ErrorCode } from '../../src/protocol/index.ts'

/** How a broker ceased to be a replica. */
export interface Drop {
  /** Its registration at that moment, if it had one that the controller knew of. */
  readonly registered: number | undefined
  /** Epoch of the controller that stood. */
  readonly controllerEpoch: number
}

export class ReplicaRemains {
  /**
   * Brokers that were replicas once, and have not deleted since what they had of the partition, though they may be
   * replicas again, and the topic another one of the same name.
   */
  private readonly drops = new Keyed<Drop>()
  /** What a broker deleted, and did not make anew since. */
  private readonly deleted = new Keyed<true>()
  private readonly broughtBack = new Keyed<true>()
  private readonly ofOtherTopic = new Keyed<true>()

  dropped(tp: string, broker: number, drop: Drop): void {
    this.drops.set(tp, broker, drop)
  }

  /** Undefined for a broker that deleted what it had, or never was a replica. */
  dropOf(tp: string, broker: number): Drop | undefined {
    return this.drops.get(tp, broker)
  }

  /** The broker had deleted the replica, and found it on its disk again when it started. */
  cameBack(tp: string, broker: number): boolean {
    return this.broughtBack.get(tp, broker) === true
  }

  /** The broker was last refused the partition for its log belongs to another topic of the same name (KIP-516). */
  isOfOtherTopic(tp: string, broker: number): boolean {
    return this.ofOtherTopic.get(tp, broker) === true
  }

  apply(broker: number, event: SystemEvent): void {
    switch (event.kind) {
      case 'ReplicaDeleted':
        this.drops.delete(event.tp, broker)
        this.broughtBack.delete(event.tp, broker)
        this.ofOtherTopic.delete(event.tp, broker)
        this.deleted.set(event.tp, broker, true)
        return
      case 'LogLoaded':
        if (this.deleted.delete(event.tp, broker)) this.broughtBack.set(event.tp, broker, true)
        return
      case 'BecameLeader':
      case 'BecameFollower':
        this.deleted.delete(event.tp, broker)
        this.ofOtherTopic.delete(event.tp, broker)
        return
      case 'LeaderAndIsrRefused':
        if (event.tp !== null && event.errorCode === ErrorCode.InconsistentTopicId) {
          this.ofOtherTopic.set(event.tp, broker, true)
        }
        return
    }
  }
}

/** Values by partition and broker. */
class Keyed<V> {
  private readonly values = new Map<string, V>()

  get(tp: string, broker: number): V | undefined {
    return this.values.get(`${tp}@${broker}`)
  }

  set(tp: string, broker: number, value: V): void {
    this.values.set(`${tp}@${broker}`, value)
  }

  delete(tp: string, broker: number): boolean {
    return this.values.delete(`${tp}@${broker}`)
  }
}
