/** The producers of a set that is about to be appended (`analyzeAndValidateProducerState` of `kafka/log/Log.scala`). */
import { ErrorCode } from '../../protocol/index.ts'
import { CompressionError } from '../compression/codec.ts'
import { AppendError } from '../errors.ts'
import { type Batch, batchesOf } from '../record/batch.ts'
import type { AppendOrigin, CompletedTransaction, ProducerAppend } from './producer-append.ts'
import type { BatchMetadata } from './producer-entry.ts'
import type { ProducerState } from './producer-state.ts'

export interface CheckedProducers {
  /** What will be known of each producer once the set is written. */
  readonly updates: readonly ProducerAppend[]
  /** Transactions that the set ends. */
  readonly completed: readonly CompletedTransaction[]
  /** The batch that was appended already; then nothing is to be written. */
  readonly duplicate?: BatchMetadata
}

const NOTHING: CheckedProducers = { updates: [], completed: [] }

/** @throws AppendError as `ProducerAppend.append` does; Unknown, if a control batch that comes from a leader cannot be opened */
export function checkProducers(state: ProducerState, bytes: Uint8Array, origin: AppendOrigin): CheckedProducers {
  let updates: Map<number, ProducerAppend> | undefined
  const completed: CompletedTransaction[] = []
  for (const batch of batchesOf(bytes)) {
    const { producerId } = batch
    if (producerId < 0) continue
    if (origin === 'client') {
      const duplicate = state.entryOf(producerId)?.findDuplicate(batch)
      if (duplicate !== undefined) return { ...NOTHING, duplicate }
    }
    updates ??= new Map()
    let update = updates.get(producerId)
    if (update === undefined) {
      update = state.prepareUpdate(producerId, origin)
      updates.set(producerId, update)
    }
    const ended = appended(update, batch)
    if (ended !== undefined) completed.push(ended)
  }
  return updates === undefined ? NOTHING : { updates: [...updates.values()], completed }
}

function appended(update: ProducerAppend, batch: Batch): CompletedTransaction | undefined {
  try {
    return update.append(batch)
  } catch (error) {
    if (error instanceof CompressionError) throw new AppendError(ErrorCode.Unknown, error.message)
    throw error
  }
}
