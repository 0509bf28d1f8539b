export type { AppendInfo, AppendOptions } from './append-info.ts'
export { replaceFile } from './checkpoint-file.ts'
export type { CleanerEvent, DroppedRecord } from './cleaner/cleaner-events.ts'
export { type CleanerRules, cleanerRules082 } from './cleaner/cleaner-rules.ts'
export {
  type Codec,
  CompressionError,
  CompressionId,
  type CompressionType,
  compressionName,
  DECOMPRESSED_BYTES_MAX,
} from './compression/codec.ts'
export { allCodecs, CodecRegistry, codecsOf010, codecsOf080, codecsOf082 } from './compression/registry.ts'
export * from './errors.ts'
export * from './events.ts'
export {
  type EpochEndOffset,
  type EpochEntry,
  LeaderEpochCache,
  type LeaderEpochRules,
  readLeaderEpochs,
  UNDEFINED_EPOCH,
  UNDEFINED_EPOCH_END,
  UNDEFINED_EPOCH_OFFSET,
} from './leader-epoch-cache.ts'
export type { LogRead } from './local-log.ts'
export { Log } from './log.ts'
export {
  type LogFormat,
  logFormat09,
  logFormat11,
  logFormat20,
  logFormat21,
  logFormat24,
  logFormat27,
  logFormat28,
  logFormat010,
  logFormat011,
  logFormat080,
  logFormat082,
} from './log-format.ts'
export { type OpenedLog, openLog } from './log-loader.ts'
export { LogManager, type LogManagerOptions } from './log-manager.ts'
export { LogSegment, type TimestampAndOffset } from './log-segment.ts'
export { buildMessageSet, type MessageEntry, readMessageSet } from './message-set.ts'
export { OffsetCheckpoint } from './offset-checkpoint.ts'
export { type IndexEntry, OffsetIndex } from './offset-index.ts'
export type { AppendOrigin, CompletedTransaction } from './producer-state/producer-append.ts'
export { type BatchMetadata, ProducerEntry } from './producer-state/producer-entry.ts'
export type { ProducerStateRules } from './producer-state/producer-rules.ts'
export { ProducerState } from './producer-state/producer-state.ts'
export { readSnapshot } from './producer-state/snapshot.ts'
export { Batch, batchesOf, type ReadOptions, readRecords } from './record/batch.ts'
export type { BatchOrigin } from './record/batch-header.ts'
export { type BuildOptions, buildEmptyBatch, buildRecords } from './record/build-records.ts'
export {
  buildTransactionMarker,
  type ControlRecord,
  type ControlType,
  readControlRecord,
} from './record/control-record.ts'
export { downConvert } from './record/convert-records.ts'
export type { Magic, TimestampType } from './record/layout.ts'
export type { LogRecord, NewRecord, RecordHeader } from './record/record.ts'
export { batchHeaderSize, sizeInBatch, sizeOfBatchOf } from './record/record-size.ts'
export { addSequence } from './record/sequence.ts'
export { TimeIndex, type TimeIndexEntry } from './time-index.ts'
export { type AbortedTransaction, readAbortedTransactions, TransactionIndex } from './transaction-index.ts'
