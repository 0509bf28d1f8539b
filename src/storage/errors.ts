/**
 * What a log refuses or cannot do, each with the error code that a 0.8.2 broker answers for it
 * (`kafka/common/ErrorMapping.scala`). Failures of the disk itself are `FileError`s and pass through unchanged.
 */
import { ErrorCode } from '../protocol/index.ts'

export class LogError extends Error {
  readonly errorCode: ErrorCode
  constructor(errorCode: ErrorCode, message: string) {
    super(message)
    this.name = new.target.name
    this.errorCode = errorCode
  }
}

/** An append was refused as a whole; the log is as it was. */
export class AppendError extends LogError {}

/** The bytes of a batch are not those that were written: a wrong CRC, or a size that no batch has. */
export class CorruptRecordError extends LogError {
  constructor(message: string) {
    super(ErrorCode.InvalidMessage, message)
  }
}

/** A batch is whole by its CRC, but what it holds is no row of records: `InvalidRecordException` of kafka-clients. */
export class InvalidRecordError extends LogError {
  constructor(message: string) {
    super(ErrorCode.InvalidRecord, message)
  }
}

/** A batch is compressed with a codec that the reader, or the release, does not know. */
export class UnsupportedCodecError extends LogError {
  constructor(message: string) {
    super(ErrorCode.UnsupportedCompressionType, message)
  }
}

/** The offset is below the first segment or past the log end offset. */
export class OffsetOutOfRangeError extends LogError {
  constructor(tp: string, offset: number, logStartOffset: number, logEndOffset: number) {
    super(
      ErrorCode.OffsetOutOfRange,
      `offset ${offset} is outside of ${tp}, which has ${logStartOffset}..${logEndOffset}`,
    )
  }
}

/** A read whose start lies above its limit: 0.8.2 answers a consumer that asks past the high watermark with -1. */
export class ReadPastLimitError extends LogError {
  constructor(tp: string, offset: number, maxOffset: number) {
    super(ErrorCode.Unknown, `read of ${tp} at ${offset}, above its limit ${maxOffset}`)
  }
}

/** A file of the log holds what no log writes. Thrown while loading, it keeps a 0.8.2 broker from starting. */
export class CorruptLogError extends LogError {
  readonly path: string
  /** Byte at which the damage was noticed. */
  readonly position: number
  constructor(path: string, position: number, detail: string) {
    super(ErrorCode.Unknown, `${path} is corrupt at byte ${position}: ${detail}`)
    this.path = path
    this.position = position
  }
}

/** An index entry does not rise above the one before it: `InvalidOffsetException` of 0.8.2. */
export class IndexOffsetError extends LogError {
  constructor(path: string, offset: number, lastOffset: number) {
    super(ErrorCode.Unknown, `index entry ${offset} does not rise above ${lastOffset} in ${path}`)
  }
}
