/**
 * Down-conversion for readers of older formats (`RecordsUtil.downConvert` of kafka-clients). Entries of the target format
 * or an older one pass as they are; compressed batches are opened and closed again with the same codec. Headers, control
 * batches and what else the old format cannot say are left out.
 */
import { CompressionId, compressionName } from '../compression/codec.ts'
import { UnsupportedCodecError } from '../errors.ts'
import { type Batch, batchesOf, type ReadOptions } from './batch.ts'
import { buildRecords } from './build-records.ts'
import type { Magic } from './layout.ts'

/**
 * @param options from: the offset asked for. Records of an uncompressed batch below are left out, since each becomes an
 * entry of its own and old clients take the first for the one they asked for.
 * @throws UnsupportedCodecError a batch of zstd, which no older format holds
 * @throws CorruptRecordError, InvalidRecordError, CompressionError
 */
export function downConvert(
  bytes: Uint8Array,
  toMagic: Magic,
  options: ReadOptions & { readonly from?: number } = {},
): Uint8Array {
  const parts: Uint8Array[] = []
  for (const batch of batchesOf(bytes)) {
    if (toMagic < 2 && batch.isControl) continue
    if (toMagic < 2 && batch.codecId === CompressionId.zstd) {
      throw new UnsupportedCodecError(
        `a batch of zstd at byte ${batch.position} cannot be written in format ${toMagic}`,
      )
    }
    const part = batch.magic <= toMagic ? bytes.subarray(batch.position, batch.end) : converted(batch, toMagic, options)
    if (part.length > 0) parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : concatenated(parts)
}

function converted(batch: Batch, toMagic: Magic, options: ReadOptions & { readonly from?: number }): Uint8Array {
  const { from = 0, codecs } = options
  let records = batch.records(options)
  if (batch.codecId === 0) records = records.filter(({ offset }) => offset >= from)
  return buildRecords(
    records.map(({ offset, timestamp, key, value }) => ({ offset, timestamp, key, value })),
    {
      magic: toMagic,
      compression: compressionName(batch.codecId)!,
      ...(batch.timestampType === 'LogAppendTime' ? { logAppendTime: batch.maxTimestamp } : {}),
      ...(codecs === undefined ? {} : { codecs }),
    },
  )
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
