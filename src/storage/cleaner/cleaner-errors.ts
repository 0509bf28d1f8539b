/** How a round of the log cleaner ends that does not go well. */
import { FileError } from '../../host/index.ts'
import { CompressionError } from '../compression/codec.ts'
import { LogError } from '../errors.ts'
import { OffsetMapFullError } from './offset-map.ts'

/** Somebody needs the log for himself, or the broker stops: `LogCleaningAbortedException`, `ThreadShutdownException`. */
export class CleaningAborted extends Error {
  constructor() {
    super('cleaning was aborted')
    this.name = 'CleaningAborted'
  }
}

/** What no cleaner is prepared for: in Kafka an IllegalArgumentException, IllegalStateException or the like. */
export class CleaningFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CleaningFailed'
  }
}

/** True for what a cleaner thread of Kafka dies of, false for bugs of ours. */
export const isCleaningFailure = (error: unknown): error is Error =>
  error instanceof CleaningFailed ||
  error instanceof OffsetMapFullError ||
  error instanceof LogError ||
  error instanceof CompressionError ||
  error instanceof FileError
