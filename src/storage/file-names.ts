/** Names of files in a log directory (formats.md 2.1; `kafka/log/Log.scala` at 0.8.2.2). */
export const LOG_SUFFIX = '.log'
export const INDEX_SUFFIX = '.index'
/** Since 0.10.1. */
export const TIME_INDEX_SUFFIX = '.timeindex'
/** Since 0.11, as the next. */
export const TRANSACTION_INDEX_SUFFIX = '.txnindex'
export const SNAPSHOT_SUFFIX = '.snapshot'
/** Given up, removed after a delay. */
export const DELETED_SUFFIX = '.deleted'
/** Output of a compaction that has not finished. */
export const CLEANED_SUFFIX = '.cleaned'
/** Output of a finished compaction on its way to its place. */
export const SWAP_SUFFIX = '.swap'

export const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'
export const RECOVERY_POINT_CHECKPOINT_FILE = 'recovery-point-offset-checkpoint'
/** Since 0.11. */
export const LOG_START_OFFSET_CHECKPOINT_FILE = 'log-start-offset-checkpoint'
/** In the partition's directory, since 2.8. */
export const PARTITION_METADATA_FILE = 'partition.metadata'
/** In the partition's directory, since 0.11. */
export const LEADER_EPOCH_CHECKPOINT_FILE = 'leader-epoch-checkpoint'

/** `00000000000000001000` for 1000. */
const segmentStem = (baseOffset: number): string => String(baseOffset).padStart(20, '0')

export const logFileName = (baseOffset: number): string => segmentStem(baseOffset) + LOG_SUFFIX
export const indexFileName = (baseOffset: number): string => segmentStem(baseOffset) + INDEX_SUFFIX
export const timeIndexFileName = (baseOffset: number): string => segmentStem(baseOffset) + TIME_INDEX_SUFFIX
export const transactionIndexFileName = (baseOffset: number): string =>
  segmentStem(baseOffset) + TRANSACTION_INDEX_SUFFIX
export const snapshotFileName = (offset: number): string => segmentStem(offset) + SNAPSHOT_SUFFIX

/** The base offset in a `.log` file's name; undefined for any other name, and for offsets beyond 2^53. */
export const baseOffsetOf = (name: string): number | undefined => offsetIn(/^(\d{20})\.log$/.exec(name))

/** The offset in a `.snapshot` file's name; undefined for any other name. */
export const snapshotOffsetOf = (name: string): number | undefined => offsetIn(/^(\d{20})\.snapshot$/.exec(name))

function offsetIn(match: RegExpExecArray | null): number | undefined {
  const offset = Number(match?.[1])
  return Number.isSafeInteger(offset) ? offset : undefined
}

/** A path in a directory, where '' is the root. */
export const join = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`)
