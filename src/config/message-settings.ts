/**
 * Settings of what a log's messages are like, which a topic has and, under another name, the broker as its fallback
 * (`kafka/log/LogConfig.scala`, `kafka/server/KafkaConfig.scala`; KAFKA-1499 in 0.9, KIP-31 and KIP-32 in 0.10.0, KIP-937 in
 * 3.6; KIP-283 in 2.0). Which release has which is in `src/versions.ts`.
 */
import { type ConfigKey, flag, int, text } from './config-def.ts'
import { isMessageFormatVersion } from './message-format-version.ts'

export const compressionTypes = ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export const timestampTypes = ['CreateTime', 'LogAppendTime'] as const

const formatVersion: ConfigKey<string> = {
  ...text('', "release whose message format is written, from 0.10 to 2.8 (none: the broker's own)"),
  form: { accepts: isMessageFormatVersion, expected: "a version of Kafka in quotes, like '0.10.2' or '2.4'" },
}
const timestampLimit = (about: string): ConfigKey<number> => int(Number.MAX_SAFE_INTEGER, about, 0)

/** By the topic's name for it. */
export const messageSettings = {
  'compression.type': text('producer', 'codec that the broker compresses with, from 0.9', compressionTypes),
  'message.format.version': formatVersion,
  'message.downconversion.enable': flag(true, 'convert messages for consumers of older releases, from 2.0 to 3.9'),
  'message.timestamp.type': text('CreateTime', 'whose clock gives messages their time, from 0.10', timestampTypes),
  'message.timestamp.difference.max.ms': timestampLimit(
    "how far a CreateTime may be from the broker's clock, from 0.10 to 3.9",
  ),
  'message.timestamp.before.max.ms': timestampLimit("how far a CreateTime may be before the broker's clock, from 3.6"),
  'message.timestamp.after.max.ms': timestampLimit("how far a CreateTime may be after the broker's clock, from 3.6"),
} as const
