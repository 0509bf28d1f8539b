/**
 * What log compaction does, as far as it changed from release to release. A broker takes these from its protocol switches
 * (`src/versions.ts`), which have the same names.
 */
export interface CleanerRules {
  /** Values of `cleanup.policy`: compaction since 0.8.1, both at once since 0.10.1 (KIP-71). */
  readonly cleanupPolicies: 'delete' | 'delete-or-compact' | 'delete-and-compact'
  /**
   * A record without key on a compacted topic: up to 0.8.2 it is appended and then stops the cleaner (KAFKA-1755, 0.9:
   * it is refused; one that is there already is dropped).
   */
  readonly keylessRecords: 'stop-the-cleaner' | 'refused'
  /**
   * Compressed wrappers: up to 0.8.2 their messages are copied out, uncompressed, and the cleaner loses its place in the
   * file by the difference in size (KAFKA-1374, 0.9: what is left of a wrapper is compressed again).
   */
  readonly cleanerWrappers: 'unpacked' | 'repacked'
  /**
   * How much a round takes on: whole segments, until the map is full to the load factor or beyond (0.8); whole segments
   * that fit (KAFKA-2235, 0.9); records, until the map is full (KAFKA-3587, 0.10); since 0.11 the round also covers
   * what follows the last key in its batch, since 2.4 (KAFKA-8764) gaps at the end of segments.
   */
  readonly cleanerMap: 'segments-overfilled' | 'segments-that-fit' | 'records' | 'batches' | 'batches-and-gaps'
  /** Segments are merged while their sum stays below `segment.bytes`, or (KAFKA-2024, 0.9) does not exceed it. */
  readonly cleanerGroups: 'below-limit' | 'up-to-limit'
  /**
   * What becomes of a first dirty offset outside of the log: up to 0.8.2 the cleaner stops; later one below the log's
   * start counts as the start (KAFKA-1641, 0.9), truncation lowers the checkpoint (KAFKA-3330, 0.10), and one past the
   * end counts as the start too (2.3).
   */
  readonly cleanerCheckpoint: 'trusted' | 'not-below-start' | 'cut-with-log' | 'kept-within-log'
  /**
   * How far the cleaner's buffers grow for a large entry: to the broker's `message.max.bytes`, (0.10) the topic's too, or
   * (2.1) to the entry's size. An entry that does not fit is an unexpected error.
   */
  readonly cleanerBuffer: 'broker-limit' | 'topic-limit' | 'as-needed'
  /** An unexpected error: ends the thread that cleaned, or (KAFKA-7215, 2.1) rules out the partition. */
  readonly cleanerFailure: 'ends-thread' | 'rules-out-partition'
  /** Records too young to be compacted (KIP-58, 0.10.1), and how long compaction may be put off (KIP-354, 2.3). */
  readonly compactionLag: 'none' | 'min' | 'min-and-max'
}

/** Releases 0.8.1 and 0.8.2. */
export const cleanerRules082: CleanerRules = {
  cleanupPolicies: 'delete-or-compact',
  keylessRecords: 'stop-the-cleaner',
  cleanerWrappers: 'unpacked',
  cleanerMap: 'segments-overfilled',
  cleanerGroups: 'below-limit',
  cleanerCheckpoint: 'trusted',
  cleanerBuffer: 'broker-limit',
  cleanerFailure: 'ends-thread',
  compactionLag: 'none',
}
