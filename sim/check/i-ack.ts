/** I-ACK: what was acknowledged stays. */
import type { BrokerEvent } from '../../src/broker/events.ts'
import type { ClientEvent } from '../../src/client/events.ts'
import { ErrorCode } from '../../src/protocol/index.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { requiredAcks } from '../scenario/producer-settings.ts'
import { breakExcuse, toldExcuse } from './excuses.ts'
import { type Lack, lackExcuse, lackOfNamed } from './lack.ts'
import { type Circumstances, type Moment, OracleBase } from './oracle.ts'
import type { PartitionTruth, ReplicaTruth, SuccessionBreak } from './partition-truth.ts'
import type { Truth } from './truth.ts'

interface Acknowledged {
  readonly offset: number
  readonly name: string
  readonly acks: number
  /** Leader epoch in which it was acknowledged. */
  readonly leaderEpoch: number
}

interface Lost {
  readonly acks: number
  readonly lack: Lack
  /** A leader that had cut it off already acknowledged it. */
  readonly falsely: boolean
  /** Between who acknowledged it and who leads now nobody need have had it. */
  readonly broken: SuccessionBreak | undefined
}

type AckEvent = Extract<ClientEvent, { readonly kind: 'ProduceAcknowledged' }>
type Answer = Extract<BrokerEvent, { readonly kind: 'ProduceAnswered' }>

/** An answer on its way: the client's event does not say in which epoch it was given. */
const answerKey = (tp: string, client: string, baseOffset: number): string => `${tp} ${client} ${baseOffset}`

export class AckOracle extends OracleBase<Lost> {
  readonly name = 'I-ACK'
  readonly statement = 'An acknowledged message stays readable at its offset.'
  readonly kinds = ['ProduceAnswered', 'ProduceAcknowledged', 'BecameLeader']
  protected readonly promise = 'promised: acks=-1, no replica outside the ISR was elected and no disk lost data'
  private readonly epochOf = new Map<string, number>()
  private readonly acknowledged = new Map<PartitionTruth, Acknowledged[]>()

  apply(record: TraceRecord, truth: Truth): void {
    if (record.event.kind === 'ProduceAcknowledged') {
      this.acknowledge(record, record.event as AckEvent, truth)
      return
    }
    if (record.event.kind === 'ProduceAnswered') {
      this.answer(record.machine, record.event as Answer, truth)
      return
    }
    const { partition, replica } = truth
    if (partition === undefined || replica === undefined || !partition.isAuthoritative(replica)) return
    const list = this.acknowledged.get(partition)
    if (list === undefined) return
    const kept = list.filter((ack) => this.stands(record, partition, replica, ack))
    if (kept.length < list.length) this.acknowledged.set(partition, kept)
  }

  private answer(machine: string, event: Answer, truth: Truth): void {
    if (event.errorCode !== ErrorCode.NoError) return
    const replica = truth.replicaOf(truth.partitionOf(event.tp), truth.brokerOf(machine) ?? -1)
    this.epochOf.set(answerKey(event.tp, event.client, event.baseOffset), replica.leaderEpoch)
  }

  private acknowledge(moment: Moment, event: AckEvent, truth: Truth): void {
    const partition = truth.partitionOf(event.tp)
    const leader = partition.actingLeader()
    const key = answerKey(event.tp, event.client, event.baseOffset)
    const leaderEpoch = this.epochOf.get(key) ?? truth.replicaOf(partition, event.broker).leaderEpoch
    this.epochOf.delete(key)
    event.messages.forEach((name, i) => {
      const ack: Acknowledged = { offset: event.baseOffset + i, name, acks: event.requiredAcks, leaderEpoch }
      // The answer may arrive when another leader stands already.
      if (leader !== undefined && !this.stands(moment, partition, leader, ack)) return
      const list = this.acknowledged.get(partition)
      if (list === undefined) this.acknowledged.set(partition, [ack])
      else list.push(ack)
    })
  }

  /** Whether the leader still has it; if not, that is reported. */
  private stands(moment: Moment, partition: PartitionTruth, leader: ReplicaTruth, ack: Acknowledged): boolean {
    const { offset, name, acks } = ack
    const entry = leader.entries[offset]
    if (offset < leader.entries.length && (entry === undefined || entry.name === name)) return true
    const { tp } = partition
    const stands =
      offset >= leader.entries.length ? `its log ends at ${leader.entries.length}` : `${entry!.name} stands there`
    this.report(
      moment,
      {
        acks,
        lack: lackOfNamed(partition, leader, offset, name),
        falsely: partition.falselyAcknowledged.has(name),
        broken: partition.breakBetween(ack.leaderEpoch, leader.leaderEpoch),
      },
      {
        tp,
        message: name,
        detail: `${name} was acknowledged with acks=${acks} at offset ${offset} of ${tp}, but the leader ${leader.machine} does not have it there: ${stands}.`,
      },
    )
    return false
  }

  protected excuse(circumstances: Circumstances, note: Lost | undefined): string | undefined {
    if (note !== undefined && note.acks > 0) {
      return note.acks === 1
        ? 'acks=1 promises nothing past a crash or change of the leader: no follower need have the message'
        : `acks=${note.acks} waits for some members of the ISR only, and any member may lead next`
    }
    const { plan, versions, facts } = circumstances
    if (note === undefined && !plan.clients.some((client) => requiredAcks(client, plan.protocol) === -1)) {
      return 'no producer waits for the whole ISR (acks=-1)'
    }
    if (note === undefined) return toldExcuse(versions, facts)
    if (versions.demotedPurgatory === 'kept' && note.falsely) {
      return 'a leader that was deposed and came back acknowledged what it had cut off meanwhile (KAFKA-2960, before 0.10)'
    }
    return note.broken === undefined ? lackExcuse(versions, note.lack) : breakExcuse(note.broken)
  }
}
