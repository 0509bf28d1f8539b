/**
 * Where the fields of entries and batches stand (formats.md 1.2 to 1.4; `LegacyRecord.java`, `DefaultRecordBatch.java` of
 * kafka-clients). In every format an offset (8 bytes) and a size (4) come first, and byte 16 says which format it is.
 */

/** A message format: 0 up to 0.9, 1 in 0.10, 2 since 0.11. */
export type Magic = 0 | 1 | 2

/** Bytes of an entry that its size field does not count: offset and size. */
export const ENTRY_OVERHEAD = 12
export const SIZE_AT = 8
export const MAGIC_AT = 16
/** Smallest size field of any format: a message of format 0 with null key and null value. */
export const MESSAGE_SIZE_MIN = 14
/** What must be there of an entry to know its last offset, whatever its format. */
export const SCAN_HEADER_BYTES = 27
/** What must be there to know its largest timestamp as well. */
export const TIME_HEADER_BYTES = 43

/** Formats 0 and 1. */
export const LEGACY_CRC_AT = 12
export const LEGACY_ATTRIBUTES_AT = 17
export const LEGACY_TIMESTAMP_AT = 18
/** Key length field, by format. */
export const legacyKeyAt = (magic: number): number => (magic === 0 ? 18 : 26)
/** Bytes of an entry of format 0 or 1 besides key and value. */
export const legacyOverhead = (magic: number): number => (magic === 0 ? 26 : 34)

/** Format 2. */
export const LEADER_EPOCH_AT = 12
export const BATCH_CRC_AT = 17
export const BATCH_ATTRIBUTES_AT = 21
export const LAST_OFFSET_DELTA_AT = 23
export const BASE_TIMESTAMP_AT = 27
export const MAX_TIMESTAMP_AT = 35
export const PRODUCER_ID_AT = 43
export const PRODUCER_EPOCH_AT = 51
export const BASE_SEQUENCE_AT = 53
export const RECORD_COUNT_AT = 57
/** Bytes of a batch before its records. */
export const BATCH_OVERHEAD = 61

/** Attributes; the first two in all formats (the second not in 0), the others in format 2. */
export const CODEC_MASK = 0x07
export const TIMESTAMP_TYPE_FLAG = 0x08
export const TRANSACTIONAL_FLAG = 0x10
export const CONTROL_FLAG = 0x20
export const DELETE_HORIZON_FLAG = 0x40

/** Written where there is none. */
export const NO_TIMESTAMP = -1
export const NO_PRODUCER_ID = -1
export const NO_PRODUCER_EPOCH = -1
export const NO_SEQUENCE = -1
export const NO_LEADER_EPOCH = -1

/** Who says when a record was: its producer, or the leader when it appended. */
export type TimestampType = 'CreateTime' | 'LogAppendTime'
