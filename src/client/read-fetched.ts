/** What an application gets out of the bytes of a fetch, of any message format. */
import { fromUtf8 } from '../host/index.ts'
import { type AbortedProducer, ErrorCode } from '../protocol/index.ts'
import { type Batch, batchesOf, LogError, readControlRecord } from '../storage/index.ts'
import { messageName } from './message-text.ts'

/** A message as the application gets it. */
export interface ReadMessage {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
}

export interface FetchedMessages {
  readonly messages: readonly ReadMessage[]
  /** Offset to go on from. */
  readonly next: number
  /** Leader epoch of the last batch that was read; undefined if it names none. */
  readonly epoch: number | undefined
  /** Why reading stopped: a damaged message, or a first one that is larger than the fetch. */
  readonly problem: ErrorCode | undefined
}

/**
 * Messages at or above `position`; a fetch that lands inside a batch gets all of it. Control records move the position
 * and are not handed out, nor are records of aborted transactions, where the answer names them (`Fetcher.java`).
 */
export function readFetched(
  records: Uint8Array,
  position: number,
  abortedTransactions: readonly AbortedProducer[] = [],
): FetchedMessages {
  const messages: ReadMessage[] = []
  let next = position
  let epoch: number | undefined
  let entries = 0
  const aborted = new AbortedRecords(abortedTransactions)
  const outcome = (problem?: ErrorCode): FetchedMessages => ({ messages, next, epoch, problem })
  try {
    for (const batch of batchesOf(records)) {
      entries++
      if (!batch.isCrcValid) return outcome(ErrorCode.InvalidMessage)
      if (batch.lastOffset < position) {
        aborted.leavesOut(batch)
        continue
      }
      const found = aborted.leavesOut(batch) || batch.isControl ? [] : batch.records()
      for (const { offset, key, value } of found) {
        if (offset < position) continue
        messages.push({
          offset,
          key: key === null ? null : fromUtf8(key),
          value: value === null ? null : messageName(fromUtf8(value)),
        })
      }
      next = batch.lastOffset + 1
      if (batch.partitionLeaderEpoch >= 0) epoch = batch.partitionLeaderEpoch
    }
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    return outcome(ErrorCode.InvalidMessage)
  }
  return outcome(entries === 0 ? ErrorCode.MessageSizeTooLarge : undefined)
}

/** Which batches of an answer belong to aborted transactions: those of a producer from its first offset to its marker. */
class AbortedRecords {
  /** By first offset. */
  private readonly toCome: AbortedProducer[]
  private readonly open = new Set<number>()

  constructor(aborted: readonly AbortedProducer[]) {
    this.toCome = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** To be asked of each batch, in order. */
  leavesOut(batch: Batch): boolean {
    while (this.toCome[0] !== undefined && this.toCome[0].firstOffset <= batch.lastOffset) {
      this.open.add(this.toCome.shift()!.producerId)
    }
    if (!batch.isTransactional || !this.open.has(batch.producerId)) return false
    if (!batch.isControl) return true
    const [marker] = batch.records()
    if (marker !== undefined && readControlRecord(marker).type === 'abort') this.open.delete(batch.producerId)
    return false
  }
}
