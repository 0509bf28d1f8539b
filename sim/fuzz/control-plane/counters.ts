/** Counts what happened to the control plane in a run, from the trace: a soak in which nothing happens proves nothing. */
import type { SystemEvent } from '../../../src/events.ts'
import { ErrorCode } from '../../../src/protocol/index.ts'
import type { WorldEvent } from '../../kernel/events.ts'
import type { TraceRecord } from '../../kernel/index.ts'
import { TroubleCounters, troubleCounterNames } from '../trouble-counters.ts'

export const controlPlaneCounterNames = [
  ...troubleCounterNames,
  'controllerResignations',
  'deposedControllersRefused',
  'fencedWrites',
  'staleBrokerEpochs',
  'leaderElections',
  'preferredElections',
  'reassignmentElections',
  'controlledShutdownElections',
  'partitionsOffline',
  'isrWritesRefused',
  'isrNotifications',
  'replicasOutOfIsr',
  'topicsCreated',
  'partitionsAdded',
  'topicDeletionsStarted',
  'topicDeletionsHalted',
  'topicsDeleted',
  'reassignmentsDone',
  'controlledShutdowns',
  'leaderWrites',
] as const

export type ControlPlaneCounterName = (typeof controlPlaneCounterNames)[number]
export type ControlPlaneCounts = Record<ControlPlaneCounterName, number>

export const zeroControlPlaneCounts = (): ControlPlaneCounts =>
  Object.fromEntries(controlPlaneCounterNames.map((name) => [name, 0])) as ControlPlaneCounts

export class ControlPlaneCounters {
  readonly counts = zeroControlPlaneCounts()
  private readonly trouble = new TroubleCounters(this.counts)
  /** Partitions by topic, as the trace last told. */
  private readonly partitions = new Map<string, number>()

  readonly subscriber = (record: TraceRecord): void => this.apply(record)

  apply(record: TraceRecord): void {
    const { counts } = this
    this.trouble.apply(record)
    const event = record.event as SystemEvent | WorldEvent
    switch (event.kind) {
      case 'ControllerResigned':
        counts.controllerResignations++
        return
      case 'LeaderAndIsrRefused':
        if (event.errorCode === ErrorCode.StaleControllerEpoch) counts.deposedControllersRefused++
        if (event.errorCode === ErrorCode.StaleBrokerEpoch) counts.staleBrokerEpochs++
        return
      case 'StateChangeFailed':
        if (event.reason.endsWith(': ControllerMoved')) counts.fencedWrites++
        return
      case 'ZkCommitted':
        for (const change of event.changes) this.znode(change)
        return
      case 'PartitionElected':
        this.elected(event.election)
        return
      case 'PartitionOffline':
        counts.partitionsOffline++
        return
      case 'IsrUpdateFailed':
        counts.isrWritesRefused++
        return
      case 'ReplicaLeftIsr':
        counts.replicasOutOfIsr++
        return
      case 'TopicCreated':
        counts.topicsCreated++
        return
      case 'TopicDeletionStarted':
        counts.topicDeletionsStarted++
        return
      case 'TopicDeletionHalted':
        counts.topicDeletionsHalted++
        return
      case 'TopicDeleted':
        counts.topicsDeleted++
        return
      case 'ProcessEnded':
        if (event.how === 'exit' && event.reason === 'shut down') counts.controlledShutdowns++
        return
      case 'Appended':
        if (event.role === 'leader') counts.leaderWrites += event.messages.length
        return
    }
  }

  private elected(election: string): void {
    const { counts } = this
    if (election === 'new-partition') return
    counts.leaderElections++
    if (election === 'preferred') counts.preferredElections++
    if (election === 'reassignment') counts.reassignmentElections++
    if (election === 'controlled-shutdown') counts.controlledShutdownElections++
  }

  private znode(change: { readonly op: string; readonly path: string; readonly data?: string }): void {
    const { counts } = this
    const { op, path } = change
    if (op === 'create' && path.startsWith('/isr_change_notification/')) counts.isrNotifications++
    if (op === 'delete' && path === '/admin/reassign_partitions') counts.reassignmentsDone++
    const topic = path.startsWith('/brokers/topics/') ? path.slice('/brokers/topics/'.length) : '/'
    if (topic.includes('/')) return
    if (op === 'delete' || change.data === undefined || change.data === '') {
      this.partitions.delete(topic)
      return
    }
    const now = Object.keys((JSON.parse(change.data) as { partitions: Record<string, unknown> }).partitions).length
    const before = this.partitions.get(topic)
    if (before !== undefined && now > before) counts.partitionsAdded += now - before
    this.partitions.set(topic, now)
  }
}
