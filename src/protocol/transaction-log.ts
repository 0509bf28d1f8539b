/**
 * The topic in which transaction coordinators keep what they know, and its keys and values byte for byte
 * (`kafka/coordinator/transaction/TransactionLog.scala`, `TransactionLogKey.json`, `TransactionLogValue.json`; formats.md
 * 9.2). The last value of a transactional id counts; none means: forget it. Since 4.0 (`transaction.version` 1) values are
 * of version 1, in compact lengths and with tagged fields.
 */
import type { TxnPartition } from './add-partitions-to-txn.ts'
import { ByteCodecError, ByteReader, ByteWriter } from './byte-codec.ts'
import { javaAbs, javaStringHash } from './java-hash.ts'

export const TRANSACTION_LOG_TOPIC = '__transaction_state'

/** Partition of the transaction log that holds a transactional id; its leader is the coordinator. */
export const transactionPartitionOf = (transactionalId: string, partitions: number): number =>
  javaAbs(javaStringHash(transactionalId)) % partitions

/** By the number that stands for each in the log. `PrepareEpochFence` never gets there. */
export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const

export type TransactionState = (typeof transactionStates)[number]

export interface StoredTransaction {
  readonly producerId: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  readonly state: TransactionState
  /** None in the state `Empty`. */
  readonly partitions: readonly TxnPartition[]
  /** Milliseconds of the coordinator's clock. */
  readonly lastUpdateMs: number
  /** When the first partition was added; -1: none was. */
  readonly startMs: number
}

/** `plain`: version 0; `tagged`: version 1. */
export type TransactionLogLayout = 'plain' | 'tagged'

const KEY_VERSION = 0
/** Number of the tagged field, its size in bytes, and `transaction.version` 2. */
const CLIENT_VERSION_TAG = { tag: 2, bytes: 2, value: 2 }

export const encodeTransactionKey = (transactionalId: string): Uint8Array =>
  new ByteWriter().int16(KEY_VERSION).string(transactionalId).toBytes()

/** @throws ByteCodecError also for a version that no release wrote */
export function decodeTransactionKey(bytes: Uint8Array): string {
  const reader = new ByteReader(bytes)
  const version = reader.int16()
  if (version !== KEY_VERSION) throw new ByteCodecError(`unknown key version ${version} in ${TRANSACTION_LOG_TOPIC}`)
  return reader.string()
}

export function encodeTransactionValue(value: StoredTransaction, layout: TransactionLogLayout): Uint8Array {
  const isTagged = layout === 'tagged'
  const writer = new ByteWriter().int16(isTagged ? 1 : 0)
  writer.int64(value.producerId).int16(value.producerEpoch).int32(value.timeoutMs)
  writer.int8(transactionStates.indexOf(value.state))
  const topics = value.state === 'Empty' ? undefined : byTopic(value.partitions)
  if (isTagged) {
    writer.unsignedVarint(topics === undefined ? 0 : topics.length + 1)
    for (const [topic, partitions] of topics ?? []) {
      writer.compactString(topic).unsignedVarint(partitions.length + 1)
      for (const partition of partitions) writer.int32(partition)
      writer.unsignedVarint(0)
    }
  } else if (topics === undefined) writer.int32(-1)
  else {
    writer.array(topics, ([topic, partitions]) => {
      writer.string(topic).array(partitions, (partition) => writer.int32(partition))
    })
  }
  writer.int64(value.lastUpdateMs).int64(value.startMs)
  if (!isTagged) return writer.toBytes()
  const { tag, bytes, value: version } = CLIENT_VERSION_TAG
  const endsByItself = value.state !== 'Empty' && value.state !== 'Ongoing'
  if (!endsByItself) return writer.unsignedVarint(0).toBytes()
  return writer.unsignedVarint(1).unsignedVarint(tag).unsignedVarint(bytes).int16(version).toBytes()
}

/** @throws ByteCodecError also for a version or a state that no release wrote */
export function decodeTransactionValue(bytes: Uint8Array): StoredTransaction {
  const reader = new ByteReader(bytes)
  const version = reader.int16()
  if (version !== 0 && version !== 1) throw new ByteCodecError(`unknown transaction value version ${version}`)
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const timeoutMs = reader.int32()
  const status = reader.int8()
  const state = transactionStates[status]
  if (state === undefined) throw new ByteCodecError(`unknown transaction status ${status}`)
  const partitions = version === 0 ? readPartitions(reader) : readCompactPartitions(reader)
  return {
    producerId,
    producerEpoch,
    timeoutMs,
    state,
    partitions,
    lastUpdateMs: reader.int64(),
    startMs: reader.int64(),
  }
}

function readPartitions(reader: ByteReader): TxnPartition[] {
  const topics = reader.array(() => {
    const topic = reader.string()
    return reader.array(() => ({ topic, partition: reader.int32() }))
  })
  return topics.flat()
}

function readCompactPartitions(reader: ByteReader): TxnPartition[] {
  const partitions: TxnPartition[] = []
  for (let topics = reader.unsignedVarint() - 1; topics > 0; topics--) {
    const topic = reader.compactString()
    for (let left = reader.unsignedVarint() - 1; left > 0; left--) partitions.push({ topic, partition: reader.int32() })
    reader.skipTaggedFields()
  }
  return partitions
}

/** In the order in which topics first appear. */
function byTopic(partitions: readonly TxnPartition[]): Array<[string, number[]]> {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const known = topics.get(topic)
    if (known === undefined) topics.set(topic, [partition])
    else known.push(partition)
  }
  return [...topics]
}

/** A record of the transaction log in words, for traces; undefined for what is none. */
export function transactionLogText(
  key: Uint8Array | null,
  value: Uint8Array | null,
): { readonly key: string; readonly value: string | null } | undefined {
  if (key === null) return undefined
  try {
    const id = decodeTransactionKey(key)
    if (value === null) return { key: id, value: null }
    const { state, producerId, producerEpoch, partitions } = decodeTransactionValue(value)
    const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' ')
    return {
      key: id,
      value: `${state} producer ${producerId} epoch ${producerEpoch}${names === '' ? '' : ` ${names}`}`,
    }
  } catch (error) {
    if (error instanceof ByteCodecError) return undefined
    throw error
  }
}
