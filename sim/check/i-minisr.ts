/** I-MINISR: acks=-1 means min.insync.replicas replicas at least. */
import type { BrokerEvent } from '../../src/broker/events.ts'
import { ErrorCode, splitTopicPartition } from '../../src/protocol/index.ts'
import { presets } from '../../src/versions.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import { type Lack, lackExcuse, lackOf } from './lack.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Answer = Extract<BrokerEvent, { readonly kind: 'ProduceAnswered' }>
type Configured = 'topic' | 'broker' | 'default'

/** What was not met. */
type Unmet =
  | { readonly what: 'size'; readonly configured: Configured }
  /** Why each member that has not got the message has not. */
  | { readonly what: 'position'; readonly lacks: readonly Lack[] }

const KEY = 'min.insync.replicas'

export class MinIsrOracle extends OracleBase<Unmet> {
  readonly name = 'I-MINISR'
  readonly statement =
    'An acknowledgement with acks=-1 means that at least min.insync.replicas replicas were in the ISR and all of them had the message.'
  readonly kinds = ['ProduceAnswered']
  protected readonly promise = 'promised: the topic’s min.insync.replicas is honoured from 0.8.2'
  private readonly plan: ClusterPlan

  constructor(plan: ClusterPlan) {
    super()
    this.plan = plan
  }

  apply(record: TraceRecord, truth: Truth): void {
    const event = record.event as Answer
    if (event.requiredAcks !== -1 || event.errorCode !== ErrorCode.NoError) return
    const partition = truth.partitionOf(event.tp)
    const leader = partition.replicas.get(truth.brokerOf(record.machine) ?? -1)
    if (leader === undefined || leader.role !== 'leader') return
    const { tp, baseOffset } = event
    const { minimum: wanted, configured } = this.required(truth, splitTopicPartition(tp).topic, record.machine)
    const capped = presets[this.plan.protocol].highWatermarkRule === 'enough-isr'
    const minimum = capped ? Math.min(wanted, partition.assigned?.length ?? wanted) : wanted
    // A replica that the controller is asked to take in counts (KIP-497), until KAFKA-15583 (3.7).
    const counts = presets[this.plan.protocol].highWatermarkRule === 'enough-isr' ? [] : leader.proposed
    const isr = counts.length > leader.isr.length ? counts : leader.isr
    if (isr.length < minimum) {
      this.report(
        record,
        { what: 'size', configured },
        {
          tp,
          detail: `${record.machine} acknowledged offset ${baseOffset} of ${tp} with acks=-1 while its ISR was [${isr.join(' ')}], smaller than min.insync.replicas=${minimum}.`,
        },
      )
    }
    const behind = isr
      .map((id) => truth.replicaOf(partition, id))
      .filter((replica) => replica.entries.length <= baseOffset)
    if (behind.length > 0) {
      const lacks = behind.map((replica) => lackOf(partition, replica, baseOffset, leader.entries[baseOffset]))
      this.report(
        record,
        { what: 'position', lacks },
        {
          tp,
          detail: `${record.machine} acknowledged offset ${baseOffset} of ${tp} with acks=-1 while ISR member ${behind.map(({ machine }) => machine).join(', ')} had not got it.`,
        },
      )
    }
  }

  private required(truth: Truth, topic: string, machine: string): { minimum: number; configured: Configured } {
    const override = truth.topicConfig.get(topic)?.[KEY] ?? this.plan.topics.find((t) => t.name === topic)?.config[KEY]
    if (override !== undefined) return { minimum: Number(override), configured: 'topic' }
    const broker = this.plan.brokerConfigOf[machine]?.[KEY] ?? this.plan.brokerConfig[KEY]
    return broker === undefined
      ? { minimum: 1, configured: 'default' }
      : { minimum: Number(broker), configured: 'broker' }
  }

  protected excuse({ versions }: Circumstances, note: Unmet | undefined): string | undefined {
    const { minIsr } = versions
    if (minIsr === 'none') return 'min.insync.replicas exists from 0.8.2 on'
    if (note?.what === 'size' && note.configured === 'broker' && minIsr === 'topic') {
      return 'the broker-wide min.insync.replicas is ignored before 0.9, only a topic’s own counts (KAFKA-2114)'
    }
    if (note?.what !== 'position') return undefined
    const excuses = note.lacks.map((lack) => lackExcuse(versions, lack))
    return excuses.includes(undefined) ? undefined : excuses[0]
  }
}
