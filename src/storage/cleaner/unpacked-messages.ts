/**
 * How the cleaner of 0.8.1 and 0.8.2 reads messages (the iterator of `kafka/message/ByteBufferMessageSet.scala`, as
 * `kafka/log/LogCleaner.scala` uses it). It opens wrappers without knowing: their messages come out one by one, and are
 * written so. But it counts how far it has read by what came out, not by the wrapper, and so goes on at a wrong byte of
 * the file if there is more behind its buffer.
 */
import { readInt32, readInt64 } from '../big-endian.ts'
import { DECOMPRESSED_BYTES_MAX } from '../compression/codec.ts'
import type { CodecRegistry } from '../compression/registry.ts'
import { InvalidRecordError } from '../errors.ts'
import { Batch } from '../record/batch.ts'
import { codecIdAt, entryEnd } from '../record/entry.ts'
import { ENTRY_OVERHEAD, MESSAGE_SIZE_MIN, NO_TIMESTAMP, SIZE_AT } from '../record/layout.ts'
import { type LegacyFields, readLegacyFields } from '../record/legacy-message.ts'
import { innerPositions, openWrapper } from '../record/legacy-records.ts'
import { KeptEntries, type Retained } from './retained-records.ts'

export interface UnpackedMessage extends LegacyFields {
  readonly offset: number
  /** The entry as it would stand uncompressed. */
  readonly entry: Uint8Array
}

/**
 * The messages of a stretch of a log, with those of wrappers in their place.
 * @throws InvalidRecordError no message is where one should be; CompressionError, UnsupportedCodecError
 */
export function* unpackedMessages(chunk: Uint8Array, codecs: CodecRegistry): Generator<UnpackedMessage, void> {
  let at = 0
  for (let end = entryEnd(chunk, at); end > 0; end = entryEnd(chunk, at)) {
    if (codecIdAt(chunk, at) === 0) {
      yield messageAt(chunk, at, end)
    } else {
      const inner = openWrapper(new Batch(chunk, at, end), codecs, DECOMPRESSED_BYTES_MAX)
      for (const from of innerPositions(inner)) yield messageAt(inner, from, entryEnd(inner, from))
    }
    at = end
  }
  if (chunk.length - at >= ENTRY_OVERHEAD && readInt32(chunk, at + SIZE_AT) < MESSAGE_SIZE_MIN) {
    throw new InvalidRecordError(`a message of ${readInt32(chunk, at + SIZE_AT)} bytes`)
  }
}

/** @throws as `unpackedMessages` */
export function retainMessages(
  chunk: Uint8Array,
  keeps: (message: UnpackedMessage) => boolean,
  codecs: CodecRegistry,
): Retained {
  const kept = new KeptEntries()
  for (const message of unpackedMessages(chunk, codecs)) {
    kept.bytesRead += message.entry.length
    kept.recordsRead++
    if (!keeps(message)) continue
    kept.recordsKept++
    kept.add(message.entry, message.offset, message.offset, NO_TIMESTAMP, -1)
  }
  return kept.sum()
}

function messageAt(bytes: Uint8Array, at: number, end: number): UnpackedMessage {
  const fields = readLegacyFields(bytes, at, end)
  if (fields === undefined) throw new InvalidRecordError(`the entry at byte ${at} is no message of format 0 or 1`)
  return { ...fields, offset: readInt64(bytes, at), entry: bytes.subarray(at, end) }
}
