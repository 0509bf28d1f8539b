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
  /** It leads a topic that was deleted since, and another one has the name now. */
  readonly ofFormerTopic: boolean
}

const AFRESH: Second = { refusedTheNext: false, ofFormerTopic: false }

export class OneLeaderPerEpochOracle extends OracleBase<Second> {
  readonly name = 'I-ONE-LEADER-PER-EPOCH'
  readonly statement =
    'At most one broker acts as leader of a partition, or takes writes for it, in one leader epoch, and at most one as controller in one controller epoch.'
  readonly kinds = ['BecameLeader', 'Appended', 'ControllerElected', 'StateChangeFailed', 'ZkCommitted']
  protected readonly promise = 'promised always'
  /** By partition, or '' for the controller: epoch to machine. */
  private readonly holders = new Map<string, Map<number, string>>()
  /** By partition: zxid that created its state. A topic that was deleted and comes again counts its epochs from 0. */
  private readonly createdAt = new Map<string, number>()
  /** By partition and machine: what `createdAt` was when the machine last became its leader. */
  private readonly ledSince = new Map<string, Map<string, number>>()
  /** What ZooKeeper holds as the controller's epoch. */
  private storedEpoch = 0
  /** By machine: time of the last refusal to raise the controller's epoch. */
  private readonly refusedAtUs = new Map<string, number>()

  apply(record: TraceRecord, _truth: Truth): void {
    const event = record.event as Event
    switch (event.kind) {
      case 'BecameLeader':
        this.lead(record.machine, event.tp)
        this.hold(record, event.tp, event.leaderEpoch, AFRESH)
        break
      case 'Appended':
        if (event.role === 'leader') this.appended(record, event.tp, event.leaderEpoch)
        break
      case 'ControllerElected':
        this.hold(record, '', event.controllerEpoch, {
          ...AFRESH,
          refusedTheNext: this.wasRefused(record, event.controllerEpoch),
        })
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

  private lead(machine: string, tp: string): void {
    let since = this.ledSince.get(tp)
    if (since === undefined) this.ledSince.set(tp, (since = new Map()))
    since.set(machine, this.createdAt.get(tp) ?? 0)
  }

  private appended(record: TraceRecord, tp: string, epoch: number): void {
    const createdAt = this.createdAt.get(tp) ?? 0
    const ofFormerTopic = (this.ledSince.get(tp)?.get(record.machine) ?? createdAt) < createdAt
    this.hold(record, tp, epoch, { ...AFRESH, ofFormerTopic })
  }

  private stored({ changes, zxid }: Extract<ZooKeeperEvent, { readonly kind: 'ZkCommitted' }>): void {
    for (const change of changes) {
      if (change.path === zkPaths.controllerEpoch && change.op !== 'delete') this.storedEpoch = Number(change.data)
      const place = change.op === 'create' ? partitionOfStatePath(change.path) : undefined
      if (place === undefined) continue
      const tp = topicPartition(place.topic, place.partition)
      if (zxid <= (this.createdAt.get(tp) ?? 0)) continue
      this.createdAt.set(tp, zxid)
      this.holders.delete(tp)
    }
  }

  private hold(record: TraceRecord, subject: string, epoch: number, how: Second): void {
    let holders = this.holders.get(subject)
    if (holders === undefined) this.holders.set(subject, (holders = new Map()))
    const holder = holders.get(epoch)
    if (holder === undefined) {
      if (!how.ofFormerTopic) holders.set(epoch, record.machine)
    } else if (holder !== record.machine) {
      const role = subject === '' ? `controller in epoch ${epoch}` : `leader of ${subject} in epoch ${epoch}`
      this.report(record, how, {
        ...(subject === '' ? {} : { tp: subject }),
        detail: how.ofFormerTopic
          ? `D26: ${record.machine} took a write as ${role}, which ${holder} is, for an older topic of that name.`
          : `${record.machine} became ${role}, which ${holder} had been.`,
      })
    }
  }

  protected excuse(_circumstances: Circumstances, note: Second | undefined): string | undefined {
    if (note?.ofFormerTopic === true) {
      return 'D26, the leader of a topic that was deleted takes writes until it is told, and removes its replica; epochs of a new topic of that name begin at 0 again (derived; in every release with ZooKeeper)'
    }
    if (note?.refusedTheNext !== true) return undefined
    return 'a new controller that was refused the next epoch logged the error and went on with the old one (KafkaController.incrementControllerEpoch, before 1.1)'
  }
}
