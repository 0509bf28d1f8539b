/** Items of a dump as lines, worded as Kafka's own tool words them (`kafka/tools/DumpLogSegments.scala`, 3.9). */
import { compressionName } from '../../src/storage/index.ts'
import type { DumpItem } from '../../src/storage/inspect/index.ts'
import { lineField } from './bytes-text.ts'

type Batch = Extract<DumpItem, { kind: 'batch' }>['batch']

export function dumpLine(item: DumpItem, show: (path: string) => string, printData: boolean): string {
  switch (item.kind) {
    case 'file':
      return `Dumping ${show(item.path)} (${item.size} bytes)`
    case 'batch':
      return batchLine(item)
    case 'record':
      return recordLine(item, printData)
    case 'index':
      return `offset: ${item.offset} position: ${item.position}`
    case 'timeindex':
      return `timestamp: ${item.timestamp} offset: ${item.offset}`
    case 'transaction': {
      const { version, producerId, firstOffset, lastOffset, lastStableOffset } = item.transaction
      return `version: ${version} producerId: ${producerId} firstOffset: ${firstOffset} lastOffset: ${lastOffset} lastStableOffset: ${lastStableOffset}`
    }
    case 'producer': {
      const { producerId, producerEpoch, coordinatorEpoch, currentTxnFirstOffset } = item.producer
      const { lastSequence, lastOffset, offsetDelta, timestamp } = item.producer
      const transaction = currentTxnFirstOffset < 0 ? 'None' : `Some(${currentTxnFirstOffset})`
      return `producerId: ${producerId} producerEpoch: ${producerEpoch} coordinatorEpoch: ${coordinatorEpoch} currentTxnFirstOffset: ${transaction} lastTimestamp: ${timestamp} firstSequence: ${lastSequence - offsetDelta} lastSequence: ${lastSequence} lastOffset: ${lastOffset} offsetDelta: ${offsetDelta}`
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
      ? `baseOffset: ${batch.baseOffset} lastOffset: ${batch.lastOffset} count: ${batch.count} baseSequence: ${batch.baseSequence} lastSequence: ${batch.lastSequence} producerId: ${batch.producerId} producerEpoch: ${batch.producerEpoch} partitionLeaderEpoch: ${batch.partitionLeaderEpoch} isTransactional: ${batch.isTransactional} isControl: ${batch.isControl} deleteHorizonMs: ${batch.deleteHorizonMs ?? 'none'}`
      : `offset: ${batch.lastOffset}`
  return `${head} position: ${position} ${timeOf(batch)}: ${batch.maxTimestamp} size: ${size} magic: ${batch.magic} compresscodec: ${codecOf(batch)} crc: ${batch.crc} isvalid: ${crcValid}`
}

function recordLine({ batch, record, control }: Extract<DumpItem, { kind: 'record' }>, printData: boolean): string {
  const { offset, timestamp, key, value, headers } = record
  let line = `| offset: ${offset} ${timeOf(batch)}: ${timestamp} keySize: ${key?.length ?? -1} valueSize: ${value?.length ?? -1}`
  if (batch.magic === 2) {
    const sequence = batch.baseSequence < 0 ? -1 : batch.baseSequence + offset - batch.baseOffset!
    line += ` sequence: ${sequence} headerKeys: [${headers.map((header) => lineField(Buffer.from(header.key))).join(',')}]`
  }
  if (control !== undefined) {
    const epoch = control.coordinatorEpoch
    return control.type === 'abort' || control.type === 'commit'
      ? `${line} endTxnMarker: ${control.type.toUpperCase()} coordinatorEpoch: ${epoch}`
      : `${line} controlType: ${control.type}`
  }
  return printData ? `${line} key: ${lineField(key)} payload: ${lineField(value)}` : line
}

const timeOf = (batch: Batch): string => batch.timestampType ?? 'NoTimestampType'
export const codecOf = (batch: Batch): string => compressionName(batch.codecId) ?? `unknown (${batch.codecId})`
