/** Records of the offsets topic as people read them: `billing orders-0` = `5`, `billing` = `generation 2, 3 members`. */
import { ByteCodecError } from './byte-codec.ts'
import { decodeGroupValue, decodeOffsetsTopicKey, decodeOffsetValue } from './offsets-topic.ts'
import { topicPartition } from './topic-partition.ts'

export interface RecordText {
  readonly key: string
  /** Null: the key is deleted. */
  readonly value: string | null
}

/** Undefined for bytes that no coordinator writes. */
export function offsetsTopicText(key: Uint8Array | null, value: Uint8Array | null): RecordText | undefined {
  if (key === null) return undefined
  try {
    const of = decodeOffsetsTopicKey(key)
    if (of.kind === 'offset') {
      const text = value === null ? null : String(decodeOffsetValue(value).offset)
      return { key: `${of.groupId} ${topicPartition(of.topic, of.partition)}`, value: text }
    }
    if (value === null) return { key: of.groupId, value: null }
    const { generationId, members } = decodeGroupValue(value)
    const count = members.length === 1 ? '1 member' : `${members.length} members`
    return { key: of.groupId, value: `generation ${generationId}, ${count}` }
  } catch (error) {
    if (error instanceof ByteCodecError) return undefined
    throw error
  }
}
