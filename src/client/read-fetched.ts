/** What an application gets out of the bytes of a fetch, of any message format. */
import { fromUtf8 } from '../host/index.ts'
import { ErrorCode } from '../protocol/index.ts'
import { batchesOf, LogError } from '../storage/index.ts'
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
 * and are not handed out.
 */
export function readFetched(records: Uint8Array, position: number): FetchedMessages {
  const messages: ReadMessage[] = []
  let next = position
  let epoch: number | undefined
  let entries = 0
  const outcome = (problem?: ErrorCode): FetchedMessages => ({ messages, next, epoch, problem })
  try {
    for (const batch of batchesOf(records)) {
      entries++
      if (!batch.isCrcValid) return outcome(ErrorCode.InvalidMessage)
      if (batch.lastOffset < position) continue
      const found = batch.isControl ? [] : batch.records()
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
