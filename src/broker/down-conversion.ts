/**
 * Fetches of versions that know no newer message format (`handleFetchRequest` of `kafka/server/KafkaApis.scala`, 0.10.2 to
 * 3.9; KIP-31, KIP-98, KIP-283): what a log holds in a newer one is written in the old one for them. Fetch up to version 1
 * reads format 0, 2 and 3 read format 1, later ones format 2 (formats.md 1.1); zstd is known from version 10 on.
 */
import { ErrorCode, type FetchPartition, type FetchPartitionResult } from '../protocol/index.ts'
import { batchesOf, downConvert, type Log, LogError, type Magic } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'

const LAST_FOR_FORMAT_0 = 1
const LAST_FOR_FORMAT_1 = 3
const FIRST_WITH_ZSTD = 10
const NO_RECORDS = new Uint8Array(0)

/** The newest message format that readers of a version of Fetch know. */
export function readableMagic(version: number): Magic {
  if (version <= LAST_FOR_FORMAT_0) return 0
  return version <= LAST_FOR_FORMAT_1 ? 1 : 2
}

/**
 * The answer for one partition as a request of a version may have it. Only what the topic's own format says is looked at
 * first, as in Kafka: records of a time when it was a newer one go out as they are.
 * @param log of the partition; undefined if there is none any more
 */
export function convertedFor(
  version: number,
  wanted: FetchPartition,
  result: FetchPartitionResult,
  log: Log | undefined,
  { downConversion }: ProtocolVersions,
): FetchPartitionResult {
  if (downConversion === 'none' || log === undefined || result.errorCode !== ErrorCode.NoError) return result
  const { magic: writtenMagic, compressionType, codecs } = log.format
  if (compressionType === 'zstd' && version < FIRST_WITH_ZSTD)
    return refused(result, ErrorCode.UnsupportedCompressionType)
  const magic = readableMagic(version)
  const { records } = result
  if (magic >= writtenMagic || isReadable(records, magic)) return result
  if (downConversion === 'unless-disabled' && !log.config['message.downconversion.enable']) {
    return refused(result, ErrorCode.UnsupportedVersion)
  }
  try {
    return { ...result, records: downConvert(records, magic, { from: wanted.fetchOffset, codecs }) }
  } catch (error) {
    if (error instanceof LogError) return refused(result, error.errorCode)
    throw error
  }
}

/**
 * No whole entry is of a newer format. A set of none at all stays as it is too: its reader sees by the size of the entry
 * that it is cut off.
 */
function isReadable(records: Uint8Array, magic: Magic): boolean {
  for (const batch of batchesOf(records)) if (batch.magic > magic) return false
  return true
}

const refused = (result: FetchPartitionResult, errorCode: ErrorCode): FetchPartitionResult => ({
  ...result,
  errorCode,
  highWatermark: -1,
  records: NO_RECORDS,
})
