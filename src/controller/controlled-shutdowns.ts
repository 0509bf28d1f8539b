/**
 * A broker on its way down asks for its leaderships to be handed over and its replicas to leave the ISRs. The lock is
 * given up between partitions; one such request is handled at a time. `shutdownBroker` in
 * `core/src/main/scala/kafka/controller/KafkaController.scala`, release 0.8.2.2.
 */
import { type Digest, type Task, TaskQueue } from '../host/index.ts'
import { ErrorCode, splitTopicPartition, type TopicPartition } from '../protocol/index.ts'
import { sortPartitions } from './controller-context.ts'
import type { ControllerCore } from './controller-core.ts'
import type { Outcome } from './controller-lock.ts'
import { controlledShutdownSelector } from './leader-selectors.ts'
import { Refusal, refusalOf } from './refusal.ts'

export interface ControlledShutdownResult {
  readonly errorCode: ErrorCode
  /** Partitions that the broker still leads. */
  readonly partitionsRemaining: Array<{ readonly topic: string; readonly partition: number }>
}

export class ControlledShutdowns {
  private readonly core: ControllerCore
  private readonly requests = new TaskQueue()

  constructor(core: ControllerCore) {
    this.core = core
  }

  /** @param brokerEpoch of the registration that asks; undefined before KIP-380 */
  request(brokerId: number, brokerEpoch: number | undefined, done: (result: ControlledShutdownResult) => void): void {
    this.requests.add(`controlled shutdown of ${brokerId}`, () => this.answer(brokerId, brokerEpoch, done))
  }

  digest(digest: Digest): void {
    digest.string(this.requests.current ?? '').int(this.requests.length)
  }

  private *answer(
    brokerId: number,
    brokerEpoch: number | undefined,
    done: (result: ControlledShutdownResult) => void,
  ): Task<void> {
    try {
      const remaining = yield* this.shutdownBroker(brokerId, brokerEpoch)
      done({ errorCode: ErrorCode.NoError, partitionsRemaining: remaining.map(splitTopicPartition) })
    } catch (error) {
      done({ errorCode: errorCodeOf(refusalOf(error)), partitionsRemaining: [] })
    }
  }

  /** Hands over what can be; gives the replicated partitions that the broker leads all the same. */
  private *shutdownBroker(brokerId: number, brokerEpoch: number | undefined): Task<TopicPartition[]> {
    const { context, lock } = this.core
    const name = `controlled shutdown of ${brokerId}`
    const partitions = unwrap(
      yield* lock.onceHeld(name, () => {
        if (context.channels === undefined) throw new Refusal('controller-moved', 'this broker is not the controller')
        if (!context.isLiveOrShuttingDown(brokerId)) {
          throw new Refusal('broker-not-available', `broker ${brokerId} is not registered`)
        }
        const known = context.brokerEpoch(brokerId)
        if (brokerEpoch !== undefined && known !== undefined && brokerEpoch < known) {
          throw new Refusal('stale-broker-epoch', `broker ${brokerId} registered again since ${brokerEpoch}`)
        }
        context.shuttingDownBrokers.add(brokerId)
        return context.partitionsOnBroker(brokerId)
      }),
    )
    for (const tp of partitions) unwrap(yield* lock.whileHeld(`${name}: ${tp}`, () => this.handOver(brokerId, tp)))
    return unwrap(yield* lock.onceHeld(`${name}: the rest`, () => this.stillLedBy(brokerId)))
  }

  private *handOver(brokerId: number, tp: TopicPartition): Task<void> {
    const { context, batch, partitions, replicas } = this.core
    const leadership = context.leadership.get(tp)
    const assigned = context.assignment.get(tp)
    if (leadership === undefined || assigned === undefined || assigned.length < 2) return
    if (leadership.leaderAndIsr.leader === brokerId) {
      yield* partitions.handleStateChanges([tp], 'OnlinePartition', controlledShutdownSelector)
      return
    }
    batch.begin()
    batch.addStopReplica(brokerId, tp, false)
    batch.send()
    yield* replicas.handleStateChanges([{ tp, replica: brokerId }], 'OfflineReplica')
  }

  private stillLedBy(brokerId: number): TopicPartition[] {
    const { context } = this.core
    const led: TopicPartition[] = []
    for (const [tp, { leaderAndIsr }] of context.leadership) {
      if (leaderAndIsr.leader === brokerId && context.replicasOf(tp).length > 1) led.push(tp)
    }
    return sortPartitions(led)
  }
}

function unwrap<R>(outcome: Outcome<R>): R {
  if (!outcome.ok) throw outcome.refusal
  return outcome.value
}

function errorCodeOf(refusal: Refusal): ErrorCode {
  if (refusal.kind === 'controller-moved') return ErrorCode.StaleControllerEpoch
  if (refusal.kind === 'broker-not-available') return ErrorCode.BrokerNotAvailable
  if (refusal.kind === 'stale-broker-epoch') return ErrorCode.StaleBrokerEpoch
  return ErrorCode.Unknown
}
