/** Values that Kafka's configuration has, but not yet in a release: its brokers refuse to start, or the topic is refused. */
import { compressionTypes, isNewerThanRelease } from '../../../src/config/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'

/** What would have been right, in words; undefined if the release takes the value. Keys of brokers and topics. */
export function refusedValue(key: string, value: unknown, preset: PresetName): string | undefined {
  const versions = presets[preset]
  switch (key) {
    case 'compression.type':
      if (versions.brokerCompression === 'none' || value !== 'zstd' || versions.codecs === 'with-zstd') return undefined
      return `one of ${compressionTypes.filter((type) => type !== 'zstd').join(', ')} (zstd: from 2.1)`
    case 'log.message.format.version':
    case 'message.format.version':
      if (versions.formatSetting !== 'honoured' || !isNewerThanRelease(String(value), preset)) return undefined
      return `at most that of the release, ${preset}`
    default:
      return undefined
  }
}
