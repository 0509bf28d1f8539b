export * from './errors.ts'
export * from './events.ts'
export {
  CLEAN_SHUTDOWN_FILE,
  HIGH_WATERMARK_CHECKPOINT_FILE,
  RECOVERY_POINT_CHECKPOINT_FILE,
  segmentStem,
} from './file-names.ts'
export { type AppendInfo, Log, type LogRead } from './log.ts'
export { LogManager, type LogManagerOptions } from './log-manager.ts'
export { LogSegment } from './log-segment.ts'
export { buildMessageSet, type MessageEntry, readMessageSet } from './message-set.ts'
export { OffsetCheckpoint } from './offset-checkpoint.ts'
export { type IndexEntry, OffsetIndex } from './offset-index.ts'
