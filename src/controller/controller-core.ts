/** What the procedures of a controller share: its knowledge, its lock, its state machines and a batch of requests. */
import type { Digest } from '../host/index.ts'
import type { TopicPartition } from '../protocol/index.ts'
import { ControllerContext, type ControllerEnvironment } from './controller-context.ts'
import { ControllerLock } from './controller-lock.ts'
import { ControllerRequestBatch } from './controller-request-batch.ts'
import { PartitionStateMachine } from './partition-state-machine.ts'
import { ReplicaStateMachine } from './replica-state-machine.ts'

export class ControllerCore {
  readonly context: ControllerContext
  readonly lock: ControllerLock
  readonly partitions: PartitionStateMachine
  readonly replicas: ReplicaStateMachine
  /** For requests outside the state machines, which have batches of their own. */
  readonly batch: ControllerRequestBatch

  constructor(environment: ControllerEnvironment) {
    const context = new ControllerContext(environment)
    this.context = context
    this.lock = new ControllerLock((subject, refusal) => context.report(subject, refusal))
    this.partitions = new PartitionStateMachine(context)
    this.replicas = new ReplicaStateMachine(context)
    this.batch = new ControllerRequestBatch(context)
  }

  /** Sends the leadership of these partitions (default: of all that have one) to the metadata caches of brokers. */
  sendUpdateMetadata(brokers: readonly number[], partitions?: readonly TopicPartition[]): void {
    this.batch.begin()
    this.batch.addUpdateMetadata(brokers, partitions ?? [...this.context.leadership.keys()])
    this.batch.send()
  }

  digest(digest: Digest): void {
    this.context.digest(digest)
    this.lock.digest(digest)
    this.partitions.digest(digest)
    this.replicas.digest(digest)
    this.batch.digest(digest)
  }
}
