/**
 * Sequence numbers of an idempotent producer (`TransactionManager.java`, the part without transactions; KIP-98). Every
 * record of a partition has the next number; the leader takes none twice and leaves none out, so that a retry neither
 * repeats nor overtakes anything.
 *
 * The numbers have to go on without a gap. Where a batch fails for good before it can have been appended, those behind it
 * are numbered anew. Where that is not known, up to 2.4 the producer gives up its id, and with it what is under way; since
 * 2.5 (KIP-360) it goes on with its next epoch, in which the partition's numbers begin at 0 again.
 */
import type { Digest } from '../../host/index.ts'
import { ErrorCode } from '../../protocol/index.ts'
import { addSequence } from '../../storage/index.ts'
import type { ProtocolVersions } from '../../versions.ts'
import type { ProducerBatch, ProducerId } from './producer-batch.ts'
import type { AttemptError } from './producer-exceptions.ts'

interface PartitionSequences {
  /** Id and epoch that its numbers belong to. */
  producer: ProducerId
  next: number
  /** Last number that was acknowledged; -1: none. */
  lastAcked: number
  lastAckedOffset: number
  /** Batches that have numbers and no outcome yet, in their order. */
  inFlight: ProducerBatch[]
}

/** Java's `Short.MAX_VALUE` */
const LAST_EPOCH = 0x7fff

const same = (a: ProducerId | undefined, b: ProducerId | undefined): boolean => a?.id === b?.id && a?.epoch === b?.epoch

export class Idempotence {
  private readonly regime: ProtocolVersions['idempotence']
  private readonly partitions = new Map<string, PartitionSequences>()
  /** Partitions of which a batch expired that may have been appended: their next number may leave a gap. */
  private readonly unresolved = new Set<string>()
  /** Partitions that begin anew with the next epoch. */
  private readonly toRewrite = new Set<string>()
  private current: ProducerId | undefined
  private bumpRequired = false

  /** Told that numbers are lost, where the producer writes transactions: these go by rules of their own. */
  private readonly onLost: (() => void) | undefined

  constructor(regime: ProtocolVersions['idempotence'], onLost?: () => void) {
    this.regime = regime
    this.onLost = onLost
  }

  get producer(): ProducerId | undefined {
    return this.current
  }

  /** A broker has given it an id. */
  assigned(producer: ProducerId): void {
    this.current = producer
  }

  private get bumpsEpochs(): boolean {
    return this.regime === 'epoch-bump' || this.regime === 'by-default'
  }

  /** Before each look at the queues. Returns true if the id or epoch is another one now. */
  settle(): boolean {
    for (const tp of [...this.unresolved]) {
      const sequences = this.partitions.get(tp)
      if (sequences !== undefined && sequences.inFlight.length > 0) continue
      this.unresolved.delete(tp)
      if (sequences === undefined || this.isNext(sequences, sequences.next)) continue
      this.lose(tp)
    }
    if (!this.bumpRequired) return false
    this.bumpRequired = false
    this.bump()
    return true
  }

  /** What becomes of a partition's numbers is not known: the id goes, or the epoch ends. */
  private lose(tp: string): void {
    if (this.onLost !== undefined) return this.onLost()
    this.bumpRequired = true
    if (this.bumpsEpochs) this.toRewrite.add(tp)
  }

  private bump(): void {
    if (!this.bumpsEpochs || this.current === undefined) {
      this.current = undefined
      this.partitions.clear()
      this.unresolved.clear()
      return
    }
    const { id, epoch } = this.current
    this.current = epoch === LAST_EPOCH ? undefined : { id, epoch: epoch + 1 }
    for (const tp of this.toRewrite) {
      const sequences = this.partitions.get(tp)
      if (sequences !== undefined && this.current !== undefined) beginAnew(sequences, this.current)
      this.unresolved.delete(tp)
    }
    this.toRewrite.clear()
  }

  // ---- batches go ----

  /** Whether the first batch of a queue may be sent now; if so, it has its numbers afterwards. */
  admit(batch: ProducerBatch): boolean {
    const { current } = this
    if (current === undefined) return false
    const { tp } = batch
    const known = this.partitions.get(tp)
    if (batch.hasSequence) {
      const first = known?.inFlight[0]
      return first === undefined || first === batch || first.baseSequence === batch.baseSequence
    }
    if (this.unresolved.has(tp)) return false
    const isStale = known !== undefined && !same(known.producer, current)
    if (isStale && known.inFlight.length > 0) return false
    const sequences = known === undefined || isStale ? this.begin(tp, current) : known
    batch.number(current, sequences.next)
    sequences.next = addSequence(sequences.next, batch.records.length)
    sequences.inFlight.push(batch)
    return true
  }

  private begin(tp: string, producer: ProducerId): PartitionSequences {
    const sequences = { producer, next: 0, lastAcked: -1, lastAckedOffset: -1, inFlight: [] }
    this.partitions.set(tp, sequences)
    return sequences
  }

  /** In a queue, a batch that is to be sent again stands behind those with smaller numbers. */
  readonly follows = (batch: ProducerBatch, other: ProducerBatch): boolean =>
    batch.hasSequence && other.hasSequence && other.baseSequence < batch.baseSequence

  // ---- batches come back ----

  acknowledged(batch: ProducerBatch, baseOffset: number): void {
    const sequences = this.partitions.get(batch.tp)
    if (sequences === undefined) return
    remove(sequences, batch)
    if (!same(batch.producer, sequences.producer)) return
    sequences.lastAcked = Math.max(sequences.lastAcked, batch.lastSequence)
    if (baseOffset >= 0) sequences.lastAckedOffset = baseOffset + batch.records.length - 1
  }

  /** Whether an error about numbers may go away. @param logStartOffset -1 if the leader did not say */
  mayRetry(batch: ProducerBatch, error: AttemptError, logStartOffset: number): boolean {
    const sequences = this.partitions.get(batch.tp)
    if (this.regime === 'one-in-flight' || sequences === undefined) return false
    if (!this.bumpsEpochs && batch.producer?.id !== this.current?.id) return false
    if (error === ErrorCode.OutOfOrderSequenceNumber) return this.mayRetryOutOfOrder(batch, sequences)
    if (error !== ErrorCode.UnknownProducerId) return false
    // The leader has forgotten the producer: with the records that retention deleted (before 2.4), or with its log.
    if (logStartOffset === -1 || batch.wasRenumbered) return true
    if (this.bumpsEpochs && this.onLost === undefined) {
      this.lose(batch.tp)
      return true
    }
    if (sequences.lastAckedOffset >= logStartOffset) return false
    beginAnew(sequences, sequences.producer)
    return true
  }

  private mayRetryOutOfOrder(batch: ProducerBatch, sequences: PartitionSequences): boolean {
    const isUnresolved = this.unresolved.has(batch.tp)
    // One before it failed, and will be there when this one comes again.
    if (!isUnresolved && (batch.wasRenumbered || !this.isNext(sequences, batch.baseSequence))) return true
    if (!this.bumpsEpochs || this.onLost !== undefined) return false
    if (!isUnresolved) this.lose(batch.tp)
    return true
  }

  private isNext(sequences: PartitionSequences, sequence: number): boolean {
    return sequence === (sequences.lastAcked === -1 ? 0 : addSequence(sequences.lastAcked, 1))
  }

  /** Whether a batch that failed may be sent again under the numbers that it has. */
  isCurrent(batch: ProducerBatch): boolean {
    return this.bumpsEpochs || same(batch.producer, this.current)
  }

  /** @param neverAppended no attempt at it can have been appended: its numbers are free */
  failed(batch: ProducerBatch, error: AttemptError | 'expired', neverAppended: boolean): void {
    const sequences = this.partitions.get(batch.tp)
    if (sequences === undefined || !batch.hasSequence) return
    remove(sequences, batch)
    if (!same(batch.producer, this.current)) return
    if (error === ErrorCode.OutOfOrderSequenceNumber && this.onLost === undefined) this.lose(batch.tp)
    else if (error === ErrorCode.UnknownProducerId && this.bumpsEpochs) this.partitions.delete(batch.tp)
    else if (error === 'expired' && batch.isRetry) {
      if (this.regime === 'one-in-flight') this.lose(batch.tp)
      else this.unresolved.add(batch.tp)
    } else if (neverAppended || (this.regime === 'one-in-flight' && error !== 'expired')) {
      if (this.bumpsEpochs && this.onLost === undefined) this.lose(batch.tp)
      else closeGap(sequences, batch)
    }
  }

  /** A batch was split: its parts stand for it. */
  replaced(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    const sequences = this.partitions.get(batch.tp)
    if (sequences === undefined || !batch.hasSequence) return
    remove(sequences, batch)
    sequences.inFlight.push(...parts)
    sequences.inFlight.sort((a, b) => a.baseSequence - b.baseSequence)
  }

  digest(digest: Digest): void {
    digest
      .int(this.current?.id ?? -1)
      .int(this.current?.epoch ?? -1)
      .boolean(this.bumpRequired)
    for (const [tp, { next, lastAcked, inFlight }] of this.partitions) {
      digest.string(tp).int(next).int(lastAcked).int(inFlight.length).boolean(this.unresolved.has(tp))
    }
  }
}

function remove({ inFlight }: PartitionSequences, batch: ProducerBatch): void {
  const index = inFlight.indexOf(batch)
  if (index >= 0) inFlight.splice(index, 1)
}

/** What is in flight gets the first numbers. */
function beginAnew(sequences: PartitionSequences, producer: ProducerId): void {
  let next = 0
  for (const batch of sequences.inFlight) {
    batch.number(producer, next)
    next = addSequence(next, batch.records.length)
  }
  sequences.producer = producer
  sequences.next = next
  sequences.lastAcked = -1
}

/** What comes behind a batch that is no more takes over its numbers (1.0 to 2.4). */
function closeGap(sequences: PartitionSequences, gone: ProducerBatch): void {
  const { length } = gone.records
  sequences.next = Math.max(0, sequences.next - length)
  for (const batch of sequences.inFlight) {
    if (batch.baseSequence > gone.baseSequence) batch.number(batch.producer!, batch.baseSequence - length)
  }
}
