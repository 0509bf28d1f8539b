/**
 * Items of a dump, and records, as JSON objects, one a line. Their keys are a promise to programs. Objects are not spread
 * into others where millions of them are made: those would outlive the young generation.
 */
import type { LogRecord } from '../../src/storage/index.ts'
import type { DumpItem } from '../../src/storage/inspect/index.ts'
import { putField } from './bytes-text.ts'
import { codecOf } from './dump-text.ts'
import type { Decoder } from './offsets-decoder.ts'

/** @param data how keys and values are shown; undefined: not at all */
export function dumpObject(item: DumpItem, show: (path: string) => string, data: Decoder | undefined): object {
  switch (item.kind) {
    case 'file':
      return { kind: item.kind, file: show(item.path), type: item.fileKind, size: item.size }
    case 'batch':
      return batchObject(item)
    case 'record': {
      const { record, control, position } = item
      const { offset, timestamp, key, value, headers } = record
      const fields = {
        kind: item.kind,
        offset,
        position,
        timestamp,
        keySize: key?.length ?? -1,
        valueSize: value?.length ?? -1,
        // What is undefined is left out.
        control: control?.type,
        coordinatorEpoch: control?.coordinatorEpoch,
        headerKeys: data !== undefined ? undefined : headers.map((header) => header.key),
      }
      return data === undefined ? fields : withRecordFields(fields, data(record))
    }
    case 'transaction':
      return { kind: item.kind, ...item.transaction }
    case 'producer':
      return { kind: item.kind, ...item.producer }
    case 'problem':
      return { ...item, path: undefined, file: show(item.path) }
    default:
      return item
  }
}

/** An object with what stands in front, then key, value and headers, each as text or in base64. */
export function withRecordFields(
  fields: Record<string, unknown> & { headers?: object[] },
  { key, value, headers }: LogRecord,
): object {
  putField(fields, 'key', key)
  putField(fields, 'value', value)
  if (headers.length > 0) {
    fields.headers = headers.map((header) => {
      const object = { key: header.key }
      putField(object, 'value', header.value)
      return object
    })
  }
  return fields
}

function batchObject({ kind, position, size, crcValid, batch }: Extract<DumpItem, { kind: 'batch' }>): object {
  const { magic, lastOffset, timestampType = null, maxTimestamp, crc } = batch
  const codec = codecOf(batch)
  if (magic !== 2) {
    return { kind, offset: lastOffset, position, size, magic, codec, crc, crcValid, timestampType, maxTimestamp }
  }
  const { baseOffset, count, baseSequence, lastSequence, producerId, producerEpoch, partitionLeaderEpoch } = batch
  const { isTransactional, isControl, deleteHorizonMs = null } = batch
  return {
    kind,
    baseOffset,
    lastOffset,
    count,
    position,
    size,
    magic,
    codec,
    crc,
    crcValid,
    timestampType,
    maxTimestamp,
    partitionLeaderEpoch,
    producerId,
    producerEpoch,
    baseSequence,
    lastSequence,
    isTransactional,
    isControl,
    deleteHorizonMs,
  }
}
