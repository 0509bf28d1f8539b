/**
 * ISR changes that leaders ask for (KIP-497, from 2.7): the controller writes them, so that it knows of each, and no leader
 * whose epoch is over can get one in. `processAlterIsr` of `core/src/main/scala/kafka/controller/KafkaController.scala`,
 * release 2.8.0; `processAlterPartition`, release 3.7.0.
 */
import type { Task } from '../host/index.ts'
import {
  type AlterPartitionRequest,
  type AlterPartitionResponse,
  ErrorCode,
  encodePartitionState,
  type LeaderAndIsr,
  type TopicPartition,
  topicPartition,
} from '../protocol/index.ts'
import type { ZkResult, ZkStat } from '../zookeeper/index.ts'
import type { ControllerCore } from './controller-core.ts'
import { partitionStatePath } from './partition-state-store.ts'
import { refusalOf } from './refusal.ts'
import { setData } from './zk-data.ts'

type Asked = AlterPartitionRequest['partitions'][number]
type Answer = AlterPartitionResponse['partitions'][number]
type Outcome = Pick<AlterPartitionResponse, 'errorCode' | 'partitions'>

export class IsrAlterations {
  private readonly core: ControllerCore

  constructor(core: ControllerCore) {
    this.core = core
  }

  request(request: AlterPartitionRequest, done: (outcome: Outcome) => void): void {
    this.core.lock.add(`ISR changes of broker ${request.brokerId}`, () => this.handle(request, done))
  }

  private *handle(request: AlterPartitionRequest, done: (outcome: Outcome) => void): Task<void> {
    const { context } = this.core
    if (context.channels === undefined) return done({ errorCode: ErrorCode.NotController, partitions: [] })
    if (context.brokerEpoch(request.brokerId) !== request.brokerEpoch) {
      return done({ errorCode: ErrorCode.StaleBrokerEpoch, partitions: [] })
    }
    const partitions: Answer[] = []
    try {
      for (const asked of request.partitions) partitions.push(yield* this.alter(request.brokerId, asked))
    } catch (error) {
      // Also that another controller has been elected is only logged here.
      context.report(`ISR changes of broker ${request.brokerId}`, refusalOf(error))
      return done({ errorCode: ErrorCode.Unknown, partitions: [] })
    }
    const told = request.partitions.map(({ topic, partition }) => topicPartition(topic, partition))
    const known = told.filter((tp) => context.leadership.has(tp) && context.assignment.has(tp))
    if (known.length > 0) this.core.sendUpdateMetadata(context.liveOrShuttingDownBrokerIds(), known)
    done({ errorCode: ErrorCode.NoError, partitions })
  }

  private *alter(brokerId: number, { topic, partition, leaderEpoch, newIsr, zkVersion }: Asked): Task<Answer> {
    const { context } = this.core
    const tp = topicPartition(topic, partition)
    const wanted: LeaderAndIsr = { leader: brokerId, leaderEpoch, isr: newIsr, zkVersion }
    const answer = (outcome: ErrorCode | LeaderAndIsr): Answer =>
      typeof outcome === 'number'
        ? { topic, partition, errorCode: outcome, leaderAndIsr: undefined }
        : { topic, partition, errorCode: ErrorCode.NoError, leaderAndIsr: outcome }
    const current = context.leadership.get(tp)?.leaderAndIsr
    if (current === undefined) return answer(ErrorCode.UnknownTopicOrPartition)
    const refused = this.check(wanted, current)
    if (refused !== undefined) return answer(refused)
    const { error, value } = yield* this.write(tp, wanted)
    // Of any other failure nobody knows whether it changed something: the leader asks again, and again.
    if (error !== 'OK') return answer(error === 'BadVersion' ? ErrorCode.InvalidUpdateVersion : ErrorCode.Unknown)
    const written = { ...wanted, zkVersion: value!.version }
    context.leadership.set(tp, { leaderAndIsr: written, controllerEpoch: context.epoch })
    return answer(written)
  }

  /** An error, or the state as it is where it is the one wanted already; undefined: it may be written. */
  private check(wanted: LeaderAndIsr, current: LeaderAndIsr): ErrorCode | LeaderAndIsr | undefined {
    const { isrExpand } = this.core.context.environment.versions
    const checksMore = isrExpand === 'high-watermark-and-epoch-start-if-alive'
    const isAhead = wanted.zkVersion > current.zkVersion || wanted.leaderEpoch > current.leaderEpoch
    // The leader knows more: another controller must have been elected.
    if (checksMore && isAhead) return ErrorCode.NotController
    if (wanted.leaderEpoch < current.leaderEpoch) return ErrorCode.FencedLeaderEpoch
    if (sameState(wanted, current)) return current
    if (!checksMore) return undefined
    if (wanted.zkVersion < current.zkVersion) return ErrorCode.InvalidUpdateVersion
    // KAFKA-14140: who is not alive, or on its way down, is taken into no ISR.
    return wanted.isr.every((id) => this.core.context.isLive(id)) ? undefined : ErrorCode.IneligibleReplica
  }

  /** Without a look at what stands there after a conflict (`KafkaZkClient.updateLeaderAndIsr`). */
  private write(tp: TopicPartition, state: LeaderAndIsr): Task<ZkResult<ZkStat>> {
    const { writes, epoch } = this.core.context
    return setData(writes, partitionStatePath(tp), encodePartitionState(state, epoch), state.zkVersion)
  }
}

const sameState = (a: LeaderAndIsr, b: LeaderAndIsr): boolean =>
  a.leader === b.leader &&
  a.leaderEpoch === b.leaderEpoch &&
  a.isr.length === b.isr.length &&
  a.isr.every((id) => b.isr.includes(id))
