/**
 * Serializers and compression of the old producer (`kafka/serializer/Encoder.scala`, `groupMessagesToSet` of
 * `DefaultEventHandler.scala`, release 0.8.2.2). Applications of scenarios have texts as keys and values.
 */
import type { ProducerConfig } from '../../config/index.ts'
import { utf8 } from '../../host/index.ts'
import { buildRecords, type CompressionType, codecsOf010, codecsOf082, type Magic } from '../../storage/index.ts'
import type { Outgoing } from '../application-message.ts'
import type { PartitionKey } from './partitioner.ts'

export class MessageEncoder {
  private readonly magic: Magic
  private readonly keySerializer: string
  private readonly codec: CompressionType
  /** Topics to compress; none: all. */
  private readonly compressedTopics: readonly string[]

  /** @param magic format of the messages */
  constructor(config: ProducerConfig, magic: Magic) {
    this.magic = magic
    this.keySerializer = config['key.serializer.class'] || config['serializer.class']
    this.codec = config['compression.codec'] as CompressionType
    this.compressedTopics = config['compressed.topics'].split(/\s*,\s*/).filter((topic) => topic !== '')
  }

  /** What the application hands over as the key: a serializer for texts takes a text, the default one takes bytes. */
  partitionKey(key: string): PartitionKey {
    return this.keySerializer === 'kafka.serializer.DefaultEncoder' ? utf8(key) : key
  }

  /** One after another, or one batch of format 2; with a codec, one wrapper or batch that holds them all. */
  messageSet(topic: string, messages: readonly Outgoing[], timestamp: number): Uint8Array {
    const records = messages.map(({ key, value }) => ({ key: this.keyBytes(key), value: utf8(value), timestamp }))
    const { magic } = this
    if (this.codec === 'none' || !this.compresses(topic)) return buildRecords(records, { magic })
    const codecs = magic === 0 ? codecsOf082 : codecsOf010
    return buildRecords(records, { magic, compression: this.codec, codecs })
  }

  private keyBytes(key: string | undefined): Uint8Array | null {
    // The NullEncoder keeps the key for the choice of the partition, and writes none.
    return key === undefined || this.keySerializer === 'kafka.serializer.NullEncoder' ? null : utf8(key)
  }

  private compresses(topic: string): boolean {
    return this.compressedTopics.length === 0 || this.compressedTopics.includes(topic)
  }
}
