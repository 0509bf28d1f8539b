/**
 * The topic in which groups keep their offsets and their membership, and its keys and values byte for byte
 * (`kafka/server/OffsetManager.scala` at 0.8.2.2, `kafka/coordinator/group/GroupMetadataManager.scala` from 0.9 to 2.4;
 * formats.md 9.2). A key begins with its kind: 0 or 1 a committed offset, 2 a group. No value means: delete.
 */
import { ByteCodecError, ByteReader, ByteWriter } from './byte-codec.ts'
import { javaAbs, javaStringHash } from './java-hash.ts'
import { TRANSACTION_LOG_TOPIC } from './transaction-log.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'

/** Topics that brokers write to and clients may not. */
export const internalTopics: readonly string[] = [OFFSETS_TOPIC, TRANSACTION_LOG_TOPIC]

export const isInternalTopic = (topic: string): boolean => internalTopics.includes(topic)

/** Partition of the offsets topic that holds a group; its leader is the group's coordinator. */
export const offsetsPartitionOf = (groupId: string, partitions: number): number =>
  javaAbs(javaStringHash(groupId)) % partitions

/** Which layout a release writes; all are read. */
export interface OffsetsTopicLayout {
  readonly offsetKey: 0 | 1
  readonly offsetValue: 0 | 1 | 2 | 3
  readonly groupValue: 0 | 1 | 2 | 3
}

export interface OffsetKey {
  readonly kind: 'offset'
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

export interface GroupKey {
  readonly kind: 'group'
  readonly groupId: string
}

export interface OffsetAndMetadata {
  /** Next offset to read. */
  readonly offset: number
  readonly metadata: string
  /** Milliseconds of the coordinator's clock (0.8.2: or of the client's choice). */
  readonly commitTimestamp: number
  /** When it may be forgotten; undefined: the coordinator's retention decides. */
  readonly expireTimestamp: number | undefined
  /** Leader epoch of the last message read; -1 before 2.1. */
  readonly leaderEpoch?: number
}

export interface StoredMember {
  readonly memberId: string
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly subscription: Uint8Array
  readonly assignment: Uint8Array
}

export interface StoredGroup {
  readonly protocolType: string
  readonly generationId: number
  /** Assignor; null in a group without members. */
  readonly protocol: string | null
  readonly leaderId: string | null
  /** When the group came to its state, in milliseconds; -1 before 2.1. */
  readonly stateTimestamp: number
  readonly members: readonly StoredMember[]
}

export const encodeOffsetKey = (
  { groupId, topic, partition }: Omit<OffsetKey, 'kind'>,
  layout: OffsetsTopicLayout,
): Uint8Array => new ByteWriter().int16(layout.offsetKey).string(groupId).string(topic).int32(partition).toBytes()

export const encodeGroupKey = (groupId: string): Uint8Array => new ByteWriter().int16(2).string(groupId).toBytes()

/** @throws ByteCodecError also for a kind that no release wrote */
export function decodeOffsetsTopicKey(bytes: Uint8Array): OffsetKey | GroupKey {
  const reader = new ByteReader(bytes)
  const version = reader.int16()
  switch (version) {
    case 0:
    case 1:
      return { kind: 'offset', groupId: reader.string(), topic: reader.string(), partition: reader.int32() }
    case 2:
      return { kind: 'group', groupId: reader.string() }
    default:
      throw new ByteCodecError(`unknown key version ${version} in ${OFFSETS_TOPIC}`)
  }
}

export function encodeOffsetValue(value: OffsetAndMetadata, layout: OffsetsTopicLayout): Uint8Array {
  const { offset, metadata, commitTimestamp, expireTimestamp, leaderEpoch } = value
  // From 2.1 a commit with a retention time of its own (an older client's) is still written with it.
  const version = layout.offsetValue >= 2 && expireTimestamp !== undefined ? 1 : layout.offsetValue
  const writer = new ByteWriter().int16(version).int64(offset)
  if (version === 3) writer.int32(leaderEpoch ?? -1)
  writer.string(metadata).int64(commitTimestamp)
  if (version === 1) writer.int64(expireTimestamp ?? -1)
  return writer.toBytes()
}

/** @throws ByteCodecError also for a version that no release wrote */
export function decodeOffsetValue(bytes: Uint8Array): OffsetAndMetadata {
  const reader = new ByteReader(bytes)
  const version = reader.int16()
  if (version < 0 || version > 3) throw new ByteCodecError(`unknown offset value version ${version}`)
  const offset = reader.int64()
  const leaderEpoch = version === 3 ? reader.int32() : -1
  const metadata = reader.string()
  const commitTimestamp = reader.int64()
  const expires = version === 1 ? reader.int64() : -1
  return { offset, metadata, commitTimestamp, expireTimestamp: expires === -1 ? undefined : expires, leaderEpoch }
}

export function encodeGroupValue(group: StoredGroup, layout: OffsetsTopicLayout): Uint8Array {
  const version = layout.groupValue
  const writer = new ByteWriter().int16(version).string(group.protocolType).int32(group.generationId)
  writer.nullableString(group.protocol).nullableString(group.leaderId)
  if (version >= 2) writer.int64(group.stateTimestamp)
  writer.array(group.members, (member) => {
    writer.string(member.memberId)
    // A member id of its own (KIP-345): nobody here has one.
    if (version >= 3) writer.nullableString(null)
    writer.string(member.clientId).string(member.clientHost)
    if (version >= 1) writer.int32(member.rebalanceTimeoutMs)
    writer.int32(member.sessionTimeoutMs).byteArray(member.subscription).byteArray(member.assignment)
  })
  return writer.toBytes()
}

/** @throws ByteCodecError also for a version that no release wrote */
export function decodeGroupValue(bytes: Uint8Array): StoredGroup {
  const reader = new ByteReader(bytes)
  const version = reader.int16()
  if (version < 0 || version > 3) throw new ByteCodecError(`unknown group value version ${version}`)
  const protocolType = reader.string()
  const generationId = reader.int32()
  const protocol = reader.nullableString()
  const leaderId = reader.nullableString()
  const stateTimestamp = version >= 2 ? reader.int64() : -1
  const members = reader.array((): StoredMember => {
    const memberId = reader.string()
    if (version >= 3) reader.nullableString()
    const clientId = reader.string()
    const clientHost = reader.string()
    const rebalance = version >= 1 ? reader.int32() : undefined
    const sessionTimeoutMs = reader.int32()
    const subscription = reader.byteArray()
    const assignment = reader.byteArray()
    const rebalanceTimeoutMs = rebalance ?? sessionTimeoutMs
    return { memberId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, subscription, assignment }
  })
  return { protocolType, generationId, protocol, leaderId, stateTimestamp, members }
}
