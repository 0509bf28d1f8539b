/** Looking for records of a log: by their offsets, and by their time (ListOffsets v1; `kafka/log/Log.scala`, since 0.10.1). */
import { EARLIEST_TIME, ErrorCode, LATEST_TIME, type TopicPartition } from '../protocol/index.ts'
import { LogError } from './errors.ts'
import type { LogRead } from './local-log.ts'
import type { LogFormat } from './log-format.ts'
import type { LogSegment, TimestampAndOffset } from './log-segment.ts'
import { batchesOf } from './record/batch.ts'
import { NO_LEADER_EPOCH, NO_TIMESTAMP } from './record/layout.ts'
import type { LogRecord } from './record/record.ts'

export interface ReadableLog {
  readonly topicPartition: TopicPartition
  readonly format: LogFormat
  readonly segments: readonly LogSegment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  read(startOffset: number, maxBytes: number): LogRead
}

/** The records with offsets in `from` (included) .. `to` (excluded), of any format, control records among them. */
export function messagesOf(log: ReadableLog, from: number, to: number): LogRecord[] {
  const found: LogRecord[] = []
  const end = Math.min(to, log.logEndOffset)
  for (let next = Math.max(from, log.logStartOffset); next < end; ) {
    const { records } = log.read(next, Number.MAX_SAFE_INTEGER)
    // A log that was cut inside a wrapper has nothing right below its end.
    if (records.length === 0) break
    for (const batch of batchesOf(records)) {
      for (const record of batch.records()) if (record.offset >= from && record.offset < end) found.push(record)
      next = Math.max(next, batch.lastOffset + 1)
      if (next >= end) break
    }
  }
  return found
}

/** @throws LogError UnsupportedForMessageFormat; what stands in the way of reading the record */
export function offsetByTimestamp(log: ReadableLog, timestamp: number): TimestampAndOffset | undefined {
  const { segments, logStartOffset } = log
  const border = (offset: number): TimestampAndOffset => ({
    timestamp: NO_TIMESTAMP,
    offset,
    leaderEpoch: NO_LEADER_EPOCH,
  })
  if (timestamp === EARLIEST_TIME) return border(logStartOffset)
  if (timestamp === LATEST_TIME) return border(log.logEndOffset)
  if (log.format.magic === 0) {
    throw new LogError(ErrorCode.UnsupportedForMessageFormat, `${log.topicPartition} has no timestamps`)
  }
  const segment = segments.find((candidate) => candidate.largestTimestampMs >= timestamp)
  return segment?.findByTimestamp(timestamp, logStartOffset)
}
