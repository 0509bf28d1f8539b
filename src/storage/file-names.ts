/** Names of files in a log directory (formats.md 2.1; `kafka/log/Log.scala` at 0.8.2.2). */
export const LOG_SUFFIX = '.log'
export const INDEX_SUFFIX = '.index'
/** Given up, removed after a delay. */
export const DELETED_SUFFIX = '.deleted'
/** Output of a compaction that has not finished. */
export const CLEANED_SUFFIX = '.cleaned'
/** Output of a finished compaction on its way to its place. */
export const SWAP_SUFFIX = '.swap'

export const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'
export const RECOVERY_POINT_CHECKPOINT_FILE = 'recovery-point-offset-checkpoint'
/** In the partition's directory, since 0.11. */
export const LEADER_EPOCH_CHECKPOINT_FILE = 'leader-epoch-checkpoint'

/** `00000000000000001000` for 1000. */
const segmentStem = (baseOffset: number): string => String(baseOffset).padStart(20, '0')

export const logFileName = (baseOffset: number): string => segmentStem(baseOffset) + LOG_SUFFIX
export const indexFileName = (baseOffset: number): string => segmentStem(baseOffset) + INDEX_SUFFIX

/** The base offset in a `.log` file's name; undefined for any other name, and for offsets beyond 2^53. */
export function baseOffsetOf(name: string): number | undefined {
  const digits = /^(\d{20})\.log$/.exec(name)?.[1]
  const baseOffset = Number(digits)
  return Number.isSafeInteger(baseOffset) ? baseOffset : undefined
}

/** A path in a directory, where '' is the root. */
export const join = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`)
