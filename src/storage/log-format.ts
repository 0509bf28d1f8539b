/**
 * What a log's broker writes and demands, as far as it changed from release to release: message format, validation,
 * index convention, codecs, files, upkeep (formats.md 1.1, 1.7, 2, 4). A preset is one of these, or one with topic settings
 * laid over.
 */

import { CompressionId, type CompressionType } from './compression/codec.ts'
import { allCodecs, type CodecRegistry, codecsOf010, codecsOf080, codecsOf082 } from './compression/registry.ts'
import type { LeaderEpochRules } from './leader-epoch-cache.ts'
import type { ProducerStateRules } from './producer-state/producer-rules.ts'
import type { Magic, TimestampType } from './record/layout.ts'

export interface LogFormat {
  /** Format that the leader writes; it converts what producers send in another (`message.format.version`). */
  readonly magic: Magic
  /**
   * What a leader looks at in a set. `message-set`: releases up to 0.9, size and CRC, and never at the magic.
   * `records`: since 0.10, also magic, inner messages, timestamps and (since 0.11) the counts of batches.
   */
  readonly validation: 'message-set' | 'records'
  /** A leader refuses records without key for a compacted topic: since 0.9 (KAFKA-1755). */
  readonly compactedNeedsKeys: boolean
  /** Which offset an index entry holds: `first` of the set appended (up to 1.1), `last` of the batch at its position. */
  readonly indexedOffset: 'first' | 'last'
  /** `message.timestamp.type`. */
  readonly timestampType: TimestampType
  /** `compression.type` of the topic: `producer` keeps the producer's codec. */
  readonly compressionType: 'producer' | 'uncompressed' | Exclude<CompressionType, 'none'>
  /** How far a CreateTime may lie before and after the leader's clock: `message.timestamp.difference.max.ms` and heirs. */
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  readonly codecs: CodecRegistry
  /**
   * Files beside `.log` and `.index`: `.timeindex` since 0.10.1; since 0.11 also `.txnindex` and `.snapshot`, and an
   * offset that the log begins at within its first segment.
   */
  readonly segmentFiles: 'offset-index' | 'time-index' | 'producer-state'
  /** Whether a segment must have room for an append (0.8.2), or may be overshot by one. */
  readonly segmentLimit: 'before-append' | 'after-append'
  /**
   * How broker and log keep house.
   * - `broken-index-is-fatal` (0.8): an index that cannot be one keeps the broker from starting; an interrupted swap is
   *   finished by renaming; below zero, `retention.ms` makes everything go.
   * - `broken-index-is-rebuilt` (0.9 to 1.0): so is an index; segments that a swap replaced and that are still there go;
   *   below zero, `retention.ms` is no limit.
   * - `missing-index-is-made-empty` (1.1 to 2.2): the same, but one that is not there is made before anybody looks for it.
   * - `indexes-are-trusted` (2.3): indexes that are there are only looked at when the segment is scanned anyway.
   */
  readonly upkeep:
    | 'broken-index-is-fatal'
    | 'broken-index-is-rebuilt'
    | 'missing-index-is-made-empty'
    | 'indexes-are-trusted'
  /**
   * Which segments an interrupted swap still takes the place of: those that it overlaps, or (0.9 to 1.1) the one before
   * its first offset as well, whether or not its records are in it.
   */
  readonly interruptedSwap: 'takes-one-before' | 'takes-its-own'
  /** A new `.log` file has `segment.bytes` at once, in zeros, until the segment is rolled or closed (`preallocate`, 0.9). */
  readonly preallocates: boolean
  /** The partition's directory says which topic it belongs to: `partition.metadata` (2.8). */
  readonly topicIds: boolean
  /** Rules of the memory of idempotent producers, since 0.11. */
  readonly producerState: 'none' | ProducerStateRules
  /** Rules of the leader epoch cache, since 0.11. */
  readonly leaderEpochs: 'none' | LeaderEpochRules
}

/** Codec that a leader writes a set with: what `compression.type` makes of the producer's choice. */
export function targetCodecId({ compressionType }: LogFormat, sourceCodecId: number): number {
  switch (compressionType) {
    case 'producer':
      return sourceCodecId
    case 'uncompressed':
      return CompressionId.none
    default:
      return CompressionId[compressionType]
  }
}

/** Release 0.8.2. */
export const logFormat082: LogFormat = {
  magic: 0,
  validation: 'message-set',
  compactedNeedsKeys: false,
  indexedOffset: 'first',
  timestampType: 'CreateTime',
  compressionType: 'producer',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
  codecs: codecsOf082,
  segmentFiles: 'offset-index',
  segmentLimit: 'before-append',
  upkeep: 'broken-index-is-fatal',
  interruptedSwap: 'takes-its-own',
  preallocates: false,
  topicIds: false,
  producerState: 'none',
  leaderEpochs: 'none',
}

/** Releases 0.8.0 and 0.8.1: without lz4. */
export const logFormat080: LogFormat = { ...logFormat082, codecs: codecsOf080, segmentLimit: 'after-append' }
/** Release 0.9. */
export const logFormat09: LogFormat = {
  ...logFormat082,
  compactedNeedsKeys: true,
  upkeep: 'broken-index-is-rebuilt',
  interruptedSwap: 'takes-one-before',
}
/** Releases 0.10.1 and 0.10.2. */
export const logFormat010: LogFormat = {
  ...logFormat09,
  magic: 1,
  validation: 'records',
  codecs: codecsOf010,
  segmentFiles: 'time-index',
}
/** Release 0.11. */
export const logFormat011: LogFormat = {
  ...logFormat010,
  magic: 2,
  leaderEpochs: 'kip-101',
  segmentFiles: 'producer-state',
  producerState: 'one-batch',
}
/** Release 1.1. */
export const logFormat11: LogFormat = {
  ...logFormat011,
  upkeep: 'missing-index-is-made-empty',
  producerState: 'five-batches',
}
/** Release 2.0. */
export const logFormat20: LogFormat = {
  ...logFormat11,
  interruptedSwap: 'takes-its-own',
  indexedOffset: 'last',
  leaderEpochs: 'kip-279',
  producerState: 'marker-hides-sequence',
}
/** Releases 2.1 and 2.2: with zstd. */
export const logFormat21: LogFormat = { ...logFormat20, codecs: allCodecs, leaderEpochs: 'latest-wins' }
/** Release 2.4. */
export const logFormat24: LogFormat = {
  ...logFormat21,
  upkeep: 'indexes-are-trusted',
  producerState: 'outlives-records',
}
/** Releases from 2.7 on. */
export const logFormat27: LogFormat = { ...logFormat24, leaderEpochs: 'latest-wins-cut-at-end' }
/** Releases from 2.8 on. */
export const logFormat28: LogFormat = { ...logFormat27, producerState: 'snapshot-per-segment' }
