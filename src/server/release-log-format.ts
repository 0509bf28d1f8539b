/**
 * What a release makes the logs of a topic write (formats.md 1.1, 2.2, 4): put together from the release's switches and
 * the settings of the topic that the release honours.
 */
import { magicOfVersion, type TopicConfig } from '../config/index.ts'
import { allCodecs, codecsOf080, type LogFormat, logFormat010, logFormat011, logFormat082 } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'

export function releaseLogFormat(versions: ProtocolVersions, config: TopicConfig): LogFormat {
  const written = { v0: logFormat082, v1: logFormat010, v2: logFormat011 }[versions.messageFormat]
  const magic = magicOf(versions, config, written)
  return {
    ...written,
    magic,
    indexedOffset: versions.indexEntries === 'first-offset' ? 'first' : 'last',
    codecs: { 'gzip-snappy': codecsOf080, 'with-lz4': written.codecs, 'with-zstd': allCodecs }[versions.codecs],
    segmentFiles: versions.logFiles,
    segmentLimit: versions.segmentLimit,
    upkeep: versions.logUpkeep,
    interruptedSwap: versions.interruptedSwap,
    preallocates: versions.preallocation === 'configurable' && config.preallocate,
    topicIds: versions.topicIds === 'kept',
    producerState: versions.producerMemory,
    leaderEpochs: epochRules(versions, magic),
    ...(versions.brokerCompression === 'none' ? {} : { compressionType: compressionTypeOf(config) }),
    ...timestampRules(versions, config),
  }
}

/** A version newer than the release, which a topic's setting may name, is passed over. */
function magicOf({ formatSetting }: ProtocolVersions, config: TopicConfig, written: LogFormat): LogFormat['magic'] {
  const version = config['message.format.version']
  if (formatSetting !== 'honoured' || version === '') return written.magic
  return Math.min(magicOfVersion(version), written.magic) as LogFormat['magic']
}

const compressionTypeOf = (config: TopicConfig): LogFormat['compressionType'] =>
  config['compression.type'] as LogFormat['compressionType']

function timestampRules({ timestampSettings }: ProtocolVersions, config: TopicConfig): Partial<LogFormat> {
  if (timestampSettings === 'none') return {}
  const difference = config['message.timestamp.difference.max.ms']
  const before = config['message.timestamp.before.max.ms']
  const after = config['message.timestamp.after.max.ms']
  const timestampType = config['message.timestamp.type'] as LogFormat['timestampType']
  switch (timestampSettings) {
    case 'difference':
      return { timestampType, timestampBeforeMaxMs: difference, timestampAfterMaxMs: difference }
    case 'difference-or-before-and-after': {
      const either = (limit: number): number => (limit === Number.MAX_SAFE_INTEGER ? difference : limit)
      return { timestampType, timestampBeforeMaxMs: either(before), timestampAfterMaxMs: either(after) }
    }
    case 'before-and-after':
      return { timestampType, timestampBeforeMaxMs: before, timestampAfterMaxMs: after }
  }
}

/** Only format 2 names epochs; since 2.1 (KAFKA-7897) a log of an older one has no file of them either. */
function epochRules(versions: ProtocolVersions, magic: LogFormat['magic']): LogFormat['leaderEpochs'] {
  const { messageFormat, truncation, epochStart, truncationAtEnd } = versions
  if (messageFormat !== 'v2' || (magic < 2 && epochStart === 'election')) return 'none'
  if (truncationAtEnd === 'cuts-epochs') return 'latest-wins-cut-at-end'
  if (epochStart === 'election') return 'latest-wins'
  return truncation === 'epoch-end' ? 'kip-101' : 'kip-279'
}
