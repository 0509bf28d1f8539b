/** Items of a dump as lines, worded as Kafka's own tool words them (`kafka/tools/DumpLogSegments.scala`, 3.9). */
import { compressionName } from '../../src/storage/index.ts'
import type { DumpItem } from '../../src/storage/inspect/index.ts'
import { lineField } from './bytes-text.ts'
import type { Decoder } from './offsets-decoder.ts'

type Batch = Extract<DumpItem, { kind: 'batch' }>['batch']

/** @param data how keys and values are shown; undefined: not at all */
export function dumpLine(item: DumpItem, show: (path: string) => string, data: Decoder | undefined): string {
  switch (item.kind) {
    case 'file':
      return `Dumping ${show(item.path)} (${item.size} bytes)`
    case 'batch':
      return batchLine(item)
    case 'record':
      return recordLine(item, data)
    case 'index':
      return `offset: ${digits(item.offset)} position: ${digits(item.position)}`
    case 'timeindex':
      return `timestamp: ${digits(item.timestamp)} offset: ${digits(item.offset)}`
    case 'transaction': {
      const { version, producerId, firstOffset, lastOffset, lastStableOffset } = item.transaction
      return `version: ${version} producerId: ${producerId} firstOffset: ${firstOffset} lastOffset: ${lastOffset} lastStableOffset: ${lastStableOffset}`
    }
    case 'producer': {
      const { producerId, producerEpoch, coordinatorEpoch, currentTxnFirstOffset } = item.producer
      const { lastSequence, lastOffset, offsetDelta, timestamp } = item.producer
      const transaction = currentTxnFirstOffset < 0 ? 'None' : `Some(${currentTxnFirstOffset})`
      return `producerId: ${producerId} producerEpoch: ${producerEpoch} coordinatorEpoch: ${coordinatorEpoch} currentTxnFirstOffset: ${transaction} firstSequence: ${lastSequence - offsetDelta} lastSequence: ${lastSequence} lastOffset: ${lastOffset} offsetDelta: ${offsetDelta} timestamp: ${timestamp}`
    }
    case 'epoch':
      return `epoch: ${item.epoch} startOffset: ${item.startOffset}`
    case 'offset':
      return `partition: ${item.topicPartition} offset: ${item.offset}`
    case 'property':
      return `${item.name}: ${item.value}`
    case 'problem':
      return `problem at byte ${item.position}: ${item.message}`
  }
}

function batchLine({ batch, position, size, crcValid }: Extract<DumpItem, { kind: 'batch' }>): string {
  const head =
    batch.magic === 2
      ? `baseOffset: ${digits(batch.baseOffset!)} lastOffset: ${digits(batch.lastOffset)} count: ${batch.count} baseSequence: ${batch.baseSequence} lastSequence: ${batch.lastSequence} producerId: ${batch.producerId} producerEpoch: ${batch.producerEpoch} partitionLeaderEpoch: ${batch.partitionLeaderEpoch} isTransactional: ${batch.isTransactional} isControl: ${batch.isControl} deleteHorizonMs: ${batch.deleteHorizonMs ?? 'none'}`
      : `offset: ${digits(batch.lastOffset)}`
  return `${head} position: ${digits(position)} ${timeOf(batch)}: ${digits(batch.maxTimestamp)} size: ${size} magic: ${batch.magic} compresscodec: ${codecOf(batch)} crc: ${digits(batch.crc)} isvalid: ${crcValid}`
}

function recordLine(
  { batch, record, control }: Extract<DumpItem, { kind: 'record' }>,
  data: Decoder | undefined,
): string {
  const { offset, timestamp, key, value, headers } = record
  let line = `| offset: ${digits(offset)} ${timeOf(batch)}: ${digits(timestamp)} keySize: ${key?.length ?? -1} valueSize: ${value?.length ?? -1}`
  if (batch.magic === 2) {
    const sequence = batch.baseSequence < 0 ? -1 : batch.baseSequence + offset - batch.baseOffset!
    line += ` sequence: ${digits(sequence)} headerKeys: [${headers.map((header) => lineField(Buffer.from(header.key))).join(',')}]`
  }
  if (control !== undefined) {
    const epoch = control.coordinatorEpoch
    return control.type === 'abort' || control.type === 'commit'
      ? `${line} endTxnMarker: ${control.type.toUpperCase()} coordinatorEpoch: ${epoch}`
      : `${line} controlType: ${control.type}`
  }
  if (data === undefined) return line
  const shown = data(record)
  return `${line} key: ${lineField(shown.key)} payload: ${lineField(shown.value)}`
}

/**
 * A number's decimal digits. Not by `String`: the engine remembers what that made of the last thousands of numbers, and
 * those strings outlive the young generation: of millions of lines, tens of megabytes that wait for a full collection.
 */
const digits = (value: number): string => (Number.isSafeInteger(value) ? value.toFixed(0) : String(value))

const timeOf = (batch: Batch): string => batch.timestampType ?? 'NoTimestampType'
export const codecOf = (batch: Batch): string => compressionName(batch.codecId) ?? `unknown (${batch.codecId})`
