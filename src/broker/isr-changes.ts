/**
 * How a leader changes the ISR of a partition (F16): up to 2.6 it writes the partition's state to ZooKeeper itself and
 * holds the partition's lock meanwhile (`Partition.updateIsr`, 0.8.2.2); from 2.7 it asks the controller and goes on, with
 * the larger of the two sets in force until it is answered (`Partition.submitAlterPartition`, 2.8.0 and 3.7.0).
 */
import { ErrorCode, type LeaderAndIsr, type TopicPartition } from '../protocol/index.ts'
import { traceBroker } from './events.ts'
import type { InSyncSet, IsrChange } from './in-sync-set.ts'
import { writeIsr } from './isr-write.ts'
import type { PartitionContext } from './partition.ts'
import type { PartitionLock } from './partition-lock.ts'
import type { LocalReplica } from './replica.ts'

/** The partition, as far as it is led here. */
export interface LedPartition {
  readonly tp: TopicPartition
  readonly lock: PartitionLock
  readonly leaderEpoch: number
  readonly controllerEpoch: number
  zkVersion: number
  leaderReplica(): LocalReplica | undefined
  maybeAdvanceHighWatermark(leader: LocalReplica): void
}

export class IsrChanges {
  private readonly context: PartitionContext
  private readonly led: LedPartition
  private readonly inSync: InSyncSet

  constructor(context: PartitionContext, led: LedPartition, inSync: InSyncSet) {
    this.context = context
    this.led = led
    this.inSync = inSync
  }

  /** Writes a new ISR, or has it written; `done` is called when nothing is to be waited for any more. */
  change(change: IsrChange, leader: LocalReplica, done: () => void): void {
    if (this.context.versions.isrUpdate !== 'zookeeper') {
      this.propose(change)
      // Who is to join counts from now on.
      this.led.maybeAdvanceHighWatermark(leader)
      return done()
    }
    this.led.lock.hold((release) => {
      this.write(change, () => {
        // The ISR could be down to the leader alone.
        this.led.maybeAdvanceHighWatermark(leader)
        release()
        done()
      })
    })
  }

  private stateWith(isr: readonly number[]): LeaderAndIsr {
    return { leader: this.context.brokerId, leaderEpoch: this.led.leaderEpoch, isr, zkVersion: this.led.zkVersion }
  }

  /** Writes a new ISR to ZooKeeper; on a conflict the old one stays. */
  private write(change: IsrChange, done: () => void): void {
    const { host, zk } = this.context
    if (host.tracing && !zk.connected) traceBroker(host, { kind: 'IsrWriteWaits', tp: this.led.tp, isr: change.isr })
    writeIsr(this.context, this.led.tp, this.stateWith(change.isr), this.led.controllerEpoch, (version) => {
      if (version === undefined) this.traceFailedUpdate(change)
      else {
        this.committed(change, change.isr, version)
        this.context.isrChanged(this.led.tp)
      }
      done()
    })
  }

  /** Asks the controller; meanwhile there is no other change. */
  private propose(change: IsrChange): void {
    const { host } = this.context
    const { tp, zkVersion } = this.led
    this.inSync.propose(change)
    if (host.tracing) traceBroker(host, { kind: 'IsrProposed', tp, isr: change.isr, zkVersion })
    this.context.alterPartition(this.led.tp, this.stateWith(change.isr), (outcome) => {
      // Leadership, or something else, has changed since: the answer is out of date.
      if (this.inSync.pending !== change) return
      if (typeof outcome === 'number') this.refused(change, outcome)
      else this.accepted(change, outcome)
    })
  }

  private accepted(change: IsrChange, { leaderEpoch, isr, zkVersion }: LeaderAndIsr): void {
    if (leaderEpoch !== this.led.leaderEpoch || zkVersion < this.led.zkVersion) return
    const rechecks = this.context.versions.isrUpdate === 'controller-and-recheck'
    // KAFKA-13091, before 3.1: an answer that nothing was to be changed leaves the change pending.
    if (zkVersion === this.led.zkVersion && !rechecks) return
    this.committed(change, isr, zkVersion)
    const leader = this.led.leaderReplica()
    if (rechecks && leader !== undefined) this.led.maybeAdvanceHighWatermark(leader)
  }

  private refused(change: IsrChange, error: ErrorCode): void {
    const withdrawn = error === ErrorCode.OperationNotAttempted || error === ErrorCode.IneligibleReplica
    this.traceFailedUpdate(change, withdrawn)
    switch (error) {
      case ErrorCode.OperationNotAttempted:
      case ErrorCode.IneligibleReplica:
        // Nothing was changed for certain.
        this.inSync.propose(undefined)
        return
      case ErrorCode.UnknownTopicOrPartition:
      case ErrorCode.FencedLeaderEpoch:
      case ErrorCode.InvalidUpdateVersion:
        // The controller knows something that this leader does not: LeaderAndIsr will tell.
        return
      default:
        this.propose(change)
    }
  }

  private committed({ kind, changed, reason }: IsrChange, isr: readonly number[], zkVersion: number): void {
    const { host } = this.context
    this.inSync.commit(isr)
    this.led.zkVersion = zkVersion
    if (host.tracing) traceBroker(host, { kind, tp: this.led.tp, isr, changed, reason, zkVersion })
  }

  private traceFailedUpdate({ isr }: IsrChange, withdrawn = false): void {
    const { host } = this.context
    const { tp, zkVersion } = this.led
    if (!host.tracing) return
    traceBroker(host, { kind: 'IsrUpdateFailed', tp, isr, zkVersion, ...(withdrawn ? { withdrawn } : {}) })
  }
}
