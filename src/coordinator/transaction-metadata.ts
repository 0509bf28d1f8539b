/**
 * What a coordinator knows of one transactional id, and which state may follow which
 * (`kafka/coordinator/transaction/TransactionMetadata.scala`, 0.11 to 4.0). A transition is prepared first, which keeps
 * everybody else out; it is completed when the log has it.
 */
import { type Digest, invariant } from '../host/index.ts'
import type { StoredTransaction, TopicPartition, TransactionState, TxnPartition } from '../protocol/index.ts'

export const NO_PRODUCER = -1
export const NO_EPOCH = -1
/** Java's `Short.MAX_VALUE` */
const LAST_EPOCH = 0x7fff

const previous: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  Empty: ['Empty', 'CompleteCommit', 'CompleteAbort'],
  Ongoing: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  PrepareCommit: ['Ongoing'],
  // Since 4.0 also a transaction that nothing was added to (`TransactionState.java`).
  PrepareAbort: ['Ongoing', 'PrepareEpochFence', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  CompleteCommit: ['PrepareCommit'],
  CompleteAbort: ['PrepareAbort'],
  Dead: ['Empty', 'CompleteCommit', 'CompleteAbort'],
  PrepareEpochFence: ['Ongoing'],
}

export type TxnPartitions = ReadonlyMap<TopicPartition, TxnPartition>

const NONE: TxnPartitions = new Map()

/** What a transition makes of it (`TxnTransitMetadata`). */
export interface TransactionTransition {
  readonly state: TransactionState
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastProducerEpoch: number
  readonly timeoutMs: number
  readonly partitions: TxnPartitions
  readonly startMs: number
  readonly lastUpdateMs: number
}

/** How `InitProducerId` raised the epoch; undefined: who asks has been fenced. */
export type EpochBump = TransactionTransition | undefined

export class TransactionMetadata {
  readonly transactionalId: string
  producerId: number
  producerEpoch = NO_EPOCH
  /** The epoch before, if the producer of it may ask again; -1 if it was fenced. */
  lastProducerEpoch = NO_EPOCH
  timeoutMs: number
  state: TransactionState = 'Empty'
  partitions = new Map<TopicPartition, TxnPartition>()
  startMs = -1
  lastUpdateMs: number
  /** What it is about to become. */
  pendingState: TransactionState | undefined
  /** The log did not take an epoch that was raised to fence a producer: it is not raised again for that. */
  hasFailedEpochFence = false

  constructor(transactionalId: string, producerId: number, timeoutMs: number, nowMs: number) {
    this.transactionalId = transactionalId
    this.producerId = producerId
    this.timeoutMs = timeoutMs
    this.lastUpdateMs = nowMs
  }

  static restore(transactionalId: string, stored: StoredTransaction): TransactionMetadata {
    const metadata = new TransactionMetadata(transactionalId, stored.producerId, stored.timeoutMs, stored.lastUpdateMs)
    metadata.producerEpoch = stored.producerEpoch
    metadata.state = stored.state
    for (const one of stored.partitions) metadata.partitions.set(`${one.topic}-${one.partition}`, one)
    metadata.startMs = stored.startMs
    return metadata
  }

  get isPending(): boolean {
    return this.pendingState !== undefined
  }

  /** The last epoch is kept for the coordinator, which must be able to fence whoever has the one before. */
  get isEpochExhausted(): boolean {
    return this.producerEpoch >= LAST_EPOCH - 1
  }

  get isDeciding(): boolean {
    return this.state === 'PrepareCommit' || this.state === 'PrepareAbort'
  }

  /** @param expectedEpoch that the producer says it has (KIP-360); undefined from one that begins */
  prepareIncrementEpoch(timeoutMs: number, expectedEpoch: number | undefined, nowMs: number): EpochBump {
    const bumped = this.producerEpoch + 1
    const empty = { timeoutMs, partitions: NONE, startMs: -1, lastUpdateMs: nowMs }
    if (expectedEpoch === undefined)
      return this.prepare('Empty', { ...empty, producerEpoch: bumped, lastProducerEpoch: NO_EPOCH })
    if (this.producerEpoch === NO_EPOCH || expectedEpoch === this.producerEpoch) {
      return this.prepare('Empty', { ...empty, producerEpoch: bumped, lastProducerEpoch: this.producerEpoch })
    }
    // The answer to its first request was lost.
    return expectedEpoch === this.lastProducerEpoch ? this.prepare('Empty', empty) : undefined
  }

  prepareProducerIdRotation(
    producerId: number,
    timeoutMs: number,
    expectedEpoch: number | undefined,
    nowMs: number,
  ): TransactionTransition {
    const lastProducerEpoch = expectedEpoch === undefined ? NO_EPOCH : this.producerEpoch
    const begun = { producerId, producerEpoch: 0, lastProducerEpoch }
    return this.prepare('Empty', { ...begun, timeoutMs, partitions: NONE, startMs: -1, lastUpdateMs: nowMs })
  }

  /** Who wrote up to now may write no more. */
  prepareFence(): TransactionTransition {
    const producerEpoch = this.hasFailedEpochFence ? this.producerEpoch : this.producerEpoch + 1
    return this.prepare('PrepareEpochFence', { producerEpoch, lastProducerEpoch: NO_EPOCH })
  }

  prepareAddPartitions(added: TxnPartitions, nowMs: number): TransactionTransition {
    const startMs = this.state === 'Ongoing' ? this.startMs : nowMs
    return this.prepare('Ongoing', {
      partitions: new Map([...this.partitions, ...added]),
      startMs,
      lastUpdateMs: nowMs,
    })
  }

  /** @param bumpsEpoch the epoch ends with the transaction (KIP-890) */
  prepareEnd(state: 'PrepareCommit' | 'PrepareAbort', bumpsEpoch: boolean, nowMs: number): TransactionTransition {
    const epochs = bumpsEpoch
      ? { producerEpoch: this.producerEpoch + 1, lastProducerEpoch: this.producerEpoch }
      : undefined
    const isBegun = this.state === 'Ongoing'
    const startMs = isBegun ? this.startMs : nowMs
    return this.prepare(state, { ...epochs, startMs, lastUpdateMs: nowMs, ...(isBegun ? {} : { partitions: NONE }) })
  }

  prepareComplete(nowMs: number): TransactionTransition {
    this.hasFailedEpochFence = false
    const state = this.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort'
    return this.prepare(state, { partitions: NONE, lastUpdateMs: nowMs })
  }

  private prepare(state: TransactionState, change: Partial<TransactionTransition>): TransactionTransition {
    const of = this.transactionalId
    invariant(!this.isPending, () => `${of}: to ${state} while it becomes ${this.pendingState}`)
    invariant(previous[state].includes(this.state), () => `${of}: from ${this.state} to ${state}`)
    this.pendingState = state
    const { producerId, producerEpoch, lastProducerEpoch, timeoutMs, partitions, startMs, lastUpdateMs } = this
    const now = { producerId, producerEpoch, lastProducerEpoch, timeoutMs, startMs, lastUpdateMs }
    return { ...now, partitions: new Map(partitions), ...change, state }
  }

  /** The fence is part of the abort that it leads to. */
  fence(producerEpoch: number): void {
    this.pendingState = undefined
    this.producerEpoch = producerEpoch
    this.lastProducerEpoch = NO_EPOCH
  }

  /** The log has it. */
  complete(transition: TransactionTransition): void {
    const { state } = transition
    invariant(this.pendingState === state, () => `${this.transactionalId}: ${state} is not what it was to become`)
    this.pendingState = undefined
    this.state = state
    this.producerId = transition.producerId
    this.producerEpoch = transition.producerEpoch
    this.lastProducerEpoch = transition.lastProducerEpoch
    this.timeoutMs = transition.timeoutMs
    this.startMs = transition.startMs
    this.lastUpdateMs = transition.lastUpdateMs
    // Those whose markers are written meanwhile go one by one; nothing is added to a transaction that is decided.
    this.partitions = new Map(transition.partitions)
  }

  digest(digest: Digest): void {
    digest.string(this.transactionalId).int(this.producerId).int(this.producerEpoch).int(this.lastProducerEpoch)
    digest
      .string(this.state)
      .string(this.pendingState ?? '')
      .boolean(this.hasFailedEpochFence)
    digest.int(this.timeoutMs).int(this.startMs).int(this.lastUpdateMs).int(this.partitions.size)
    for (const tp of this.partitions.keys()) digest.string(tp)
  }
}

/** As the log has it. */
export const storedTransaction = (transition: TransactionTransition): StoredTransaction => ({
  producerId: transition.producerId,
  producerEpoch: transition.producerEpoch,
  timeoutMs: transition.timeoutMs,
  state: transition.state,
  partitions: [...transition.partitions.values()],
  lastUpdateMs: transition.lastUpdateMs,
  startMs: transition.startMs,
})
