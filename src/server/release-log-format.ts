/** What a release makes its logs write (formats.md 1.1, 2.2, 4), put together from its switches. */
import {
  allCodecs,
  codecsOf080,
  type LeaderEpochRules,
  type LogFormat,
  logFormat010,
  logFormat011,
  logFormat082,
} from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'

export function releaseLogFormat(versions: ProtocolVersions): LogFormat {
  const written = { v0: logFormat082, v1: logFormat010, v2: logFormat011 }[versions.messageFormat]
  return {
    ...written,
    indexedOffset: versions.indexEntries === 'first-offset' ? 'first' : 'last',
    codecs: { 'gzip-snappy': codecsOf080, 'with-lz4': written.codecs, 'with-zstd': allCodecs }[versions.codecs],
    segmentFiles: versions.logFiles,
    segmentLimit: versions.segmentLimit,
    upkeep: versions.logUpkeep,
    producerState: versions.producerMemory,
    leaderEpochs: versions.messageFormat === 'v2' ? epochRules(versions) : 'none',
  }
}

function epochRules({ truncation, epochStart, truncationAtEnd }: ProtocolVersions): LeaderEpochRules {
  if (truncationAtEnd === 'cuts-epochs') return 'latest-wins-cut-at-end'
  if (epochStart === 'election') return 'latest-wins'
  return truncation === 'epoch-end' ? 'kip-101' : 'kip-279'
}
