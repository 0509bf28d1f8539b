/** I-ONE-LEADER-PER-EPOCH: epochs tell leaders apart, of partitions and of the cluster. */
import type { SystemEvent } from '../../src/events.ts'
import { partitionOfStatePath, topicPartition, zkPaths } from '../../src/protocol/index.ts'
import type { ZooKeeperEvent } from '../../src/zookeeper/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Event = Extract<
  SystemEvent,
  { readonly kind: 'BecameLeader' | 'Appended' | 'ControllerElected' | 'StateChangeFailed' | 'ZkCommitted' }
>

/** How a second holder came to the epoch. */
interface Second {
  /** ZooKeeper refused the controller the next epoch, which was taken already, and it went on with the one it had read. */
  readonly refusedTheNext: boolean
}

export class OneLeaderPerEpochOracle extends OracleBase<Second> {
  readonly name = 'I-ONE-LEADER-PER-EPOCH'
  readonly statement =
    'At most one broker acts as leader of a partition, or takes writes for it, in one leader epoch, and at most one as controller in one controller epoch.'
  readonly kinds = ['BecameLeader', 'Appended', 'ControllerElected', 'StateChangeFailed', 'ZkCommitted']
  protected readonly promise = 'promised always'
  /** By partition, or '' for the controller: epoch to machine. */
  private readonly holders = new Map<string, Map<number, string>>()
  /** What ZooKeeper holds as the controller's epoch. */
  private storedEpoch = 0
  /** By machine: time of the last refusal to raise the controller's epoch. */
  private readonly refusedAtUs = new Map<string, number>()

  apply(record: TraceRecord, _truth: Truth): void {
    const event = record.event as Event
    switch (event.kind) {
      case 'BecameLeader':
        this.hold(record, event.tp, event.leaderEpoch, false)
        break
      case 'Appended':
        if (event.role === 'leader') this.hold(record, event.tp, event.leaderEpoch, false)
        break
      case 'ControllerElected':
        this.hold(record, '', event.controllerEpoch, this.wasRefused(record, event.controllerEpoch))
        break
      case 'StateChangeFailed':
        if (event.subject === 'controller epoch' && event.reason.endsWith(': BadVersion')) {
          this.refusedAtUs.set(record.machine, record.atUs)
        }
        break
      case 'ZkCommitted':
        this.stored(event)
        break
    }
  }

  /** Kafka tells of the refusal at the moment in which it goes on. */
  private wasRefused(record: TraceRecord, epoch: number): boolean {
    return this.refusedAtUs.get(record.machine) === record.atUs && this.storedEpoch > epoch
  }

  private stored({ changes }: Extract<ZooKeeperEvent, { readonly kind: 'ZkCommitted' }>): void {
    for (const change of changes) {
      if (change.path === zkPaths.controllerEpoch && change.op !== 'delete') this.storedEpoch = Number(change.data)
      // A topic that was deleted and comes again counts its epochs from 0.
      const place = change.op === 'create' ? partitionOfStatePath(change.path) : undefined
      if (place !== undefined) this.holders.delete(topicPartition(place.topic, place.partition))
    }
  }

  private hold(record: TraceRecord, subject: string, epoch: number, refusedTheNext: boolean): void {
    let holders = this.holders.get(subject)
    if (holders === undefined) this.holders.set(subject, (holders = new Map()))
    const holder = holders.get(epoch)
    if (holder === undefined) holders.set(epoch, record.machine)
    else if (holder !== record.machine) {
      const role = subject === '' ? `controller in epoch ${epoch}` : `leader of ${subject} in epoch ${epoch}`
      this.report(
        record,
        { refusedTheNext },
        {
          ...(subject === '' ? {} : { tp: subject }),
          detail: `${record.machine} became ${role}, which ${holder} had been.`,
        },
      )
    }
  }

  protected excuse(_circumstances: Circumstances, note: Second | undefined): string | undefined {
    if (note?.refusedTheNext !== true) return undefined
    return 'a new controller that was refused the next epoch logged the error and went on with the old one (KafkaController.incrementControllerEpoch, before 1.1)'
  }
}
