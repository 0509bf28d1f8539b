/**
 * What a log's broker writes and demands, as far as it changed from release to release: message format, validation,
 * index convention, codecs (formats.md 1.1, 1.7, 2.2, 4). A preset is one of these, or one with topic settings laid over.
 */

import type { CompressionType } from './compression/codec.ts'
import { allCodecs, type CodecRegistry, codecsOf010, codecsOf080, codecsOf082 } from './compression/registry.ts'
import type { LeaderEpochRules } from './leader-epoch-cache.ts'
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
  /** Rules of the leader epoch cache, since 0.11. */
  readonly leaderEpochs: 'none' | LeaderEpochRules
}

/** Releases 0.8.2 and 0.9. */
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
  leaderEpochs: 'none',
}

/** Releases 0.8.0 and 0.8.1: without lz4. */
export const logFormat080: LogFormat = { ...logFormat082, codecs: codecsOf080 }
/** Releases 0.10.0 to 0.10.2. */
export const logFormat010: LogFormat = {
  ...logFormat082,
  compactedNeedsKeys: true,
  magic: 1,
  validation: 'records',
  codecs: codecsOf010,
}
/** Releases 0.11 to 1.1. */
export const logFormat011: LogFormat = { ...logFormat010, magic: 2, leaderEpochs: 'kip-101' }
/** Release 2.0. */
export const logFormat20: LogFormat = { ...logFormat011, indexedOffset: 'last', leaderEpochs: 'kip-279' }
/** Releases from 2.1 on: with zstd. */
export const logFormat21: LogFormat = { ...logFormat20, codecs: allCodecs, leaderEpochs: 'latest-wins' }
/** Releases from 2.7 on. */
export const logFormat27: LogFormat = { ...logFormat21, leaderEpochs: 'latest-wins-cut-at-end' }
