/** Keys and values of `__consumer_offsets` in words, as `DumpLogSegments --offsets-decoder` of 2.4 has them. */
import {
  ByteCodecError,
  CONSUMER_PROTOCOL_TYPE,
  decodeGroupValue,
  decodeMemberAssignment,
  decodeOffsetsTopicKey,
  decodeOffsetValue,
  topicPartition,
} from '../../src/protocol/index.ts'
import type { LogRecord } from '../../src/storage/index.ts'

/** A record with its key and value as they are to be shown. */
export type Decoder = (record: LogRecord) => LogRecord

/** Bytes that no coordinator writes stay as they are. */
export const decodeOffsets: Decoder = (record) => {
  const { key, value } = record
  if (key === null) return record
  try {
    const of = decodeOffsetsTopicKey(key)
    if (of.kind === 'offset') {
      const name = `offset_commit::group=${of.groupId},partition=${topicPartition(of.topic, of.partition)}`
      return shown(record, name, value === null ? DELETED : offsetText(value))
    }
    return shown(record, `group_metadata::group=${of.groupId}`, value === null ? DELETED : groupText(value))
  } catch (error) {
    if (error instanceof ByteCodecError) return record
    throw error
  }
}

const DELETED = '<DELETE>'

function offsetText(value: Uint8Array): string {
  const { offset, metadata } = decodeOffsetValue(value)
  return metadata === '' ? `offset=${offset}` : `offset=${offset},metadata=${metadata}`
}

function groupText(value: Uint8Array): string {
  const { protocolType, protocol, generationId, members } = decodeGroupValue(value)
  const assignment = members.map(({ memberId, assignment }) => {
    const partitions =
      protocolType === CONSUMER_PROTOCOL_TYPE
        ? `[${decodeMemberAssignment(assignment)
            .map((one) => topicPartition(one.topic, one.partition))
            .join(', ')}]`
        : Buffer.from(assignment).toString('hex')
    return `${memberId}=${partitions}`
  })
  return JSON.stringify({ protocolType, protocol, generationId, assignment: `{${assignment.join(',')}}` })
}

const shown = (record: LogRecord, key: string, value: string): LogRecord => ({
  ...record,
  key: Buffer.from(key),
  value: Buffer.from(value),
})
