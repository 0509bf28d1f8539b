/** A producer snapshot's bytes (formats.md 2.5). */
import { crc32c } from '../../../src/storage/crc.ts'
import type { ProducerEntry } from '../../../src/storage/inspect/index.ts'
import { ByteWriter } from './byte-writer.ts'

const CHECKED_FROM = 6

export function snapshotBytes(producers: readonly ProducerEntry[]): Uint8Array {
  const entries = new ByteWriter()
  entries.int32(producers.length)
  for (const producer of producers) {
    entries.int64(producer.producerId)
    entries.int16(producer.producerEpoch)
    entries.int32(producer.lastSequence)
    entries.int64(producer.lastOffset)
    entries.int32(producer.offsetDelta)
    entries.int64(producer.timestamp)
    entries.int32(producer.coordinatorEpoch)
    entries.int64(producer.currentTxnFirstOffset)
  }
  const checked = entries.taken()
  const snapshot = new ByteWriter()
  snapshot.int16(1)
  snapshot.int32(crc32c(checked))
  snapshot.bytes(checked)
  return snapshot.taken().subarray(0, CHECKED_FROM + checked.length)
}
