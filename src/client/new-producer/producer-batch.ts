/**
 * Records of one partition that go in one piece (`ProducerBatch.java`, up to 0.10 `RecordBatch.java`): open while records
 * may be added, closed when it is first drained. Its bytes stay what they are through all attempts.
 */
import type { Digest, Micros } from '../../host/index.ts'
import { topicPartition } from '../../protocol/index.ts'
import {
  addSequence,
  batchHeaderSize,
  buildRecords,
  type CodecRegistry,
  type CompressionType,
  type Magic,
  type NewRecord,
  sizeInBatch,
} from '../../storage/index.ts'
import type { CompressionRatio } from './compression-ratio.ts'

/** A message, serialized. */
export interface ProducerRecord extends NewRecord {
  /** As scenarios and traces call it. */
  readonly name: string
  readonly timestamp: number
}

export interface BatchFormat {
  readonly magic: Magic
  readonly compression: CompressionType
  readonly codecs: CodecRegistry
  readonly ratio: CompressionRatio
  /** Its records are part of a transaction. */
  readonly isTransactional?: boolean
}

/** Whose a batch is, by id and epoch. */
export interface ProducerId {
  readonly id: number
  readonly epoch: number
}

/** Room that an estimate of compressed bytes leaves for error. */
const ESTIMATION_FACTOR = 1.05

export class ProducerBatch {
  readonly topic: string
  readonly partition: number
  readonly tp: string
  /** Bytes that it may have; more only if it is one record that large. */
  readonly capacity: number
  /** Bytes of the producer's memory that it has taken, and gives back when it is done. */
  readonly memory: number
  readonly createdUs: Micros
  lastAttemptUs: Micros
  lastAppendUs: Micros
  attempts = 0
  readonly records: ProducerRecord[] = []
  private readonly format: BatchFormat
  private plainBytes = 0
  private isOpen = true
  private written: Uint8Array | undefined
  /** Given to it when it is first drained by an idempotent producer. */
  producer: ProducerId | undefined
  /** Number of its first record; -1 without a producer id. */
  baseSequence = -1
  /** It has had other numbers before. */
  wasRenumbered = false

  /** @param memory as much as the capacity if left out */
  constructor(
    topic: string,
    partition: number,
    capacity: number,
    format: BatchFormat,
    nowUs: Micros,
    memory: number = capacity,
  ) {
    this.topic = topic
    this.partition = partition
    this.tp = topicPartition(topic, partition)
    this.capacity = capacity
    this.memory = memory
    this.format = format
    this.createdUs = nowUs
    this.lastAttemptUs = nowUs
    this.lastAppendUs = nowUs
  }

  get names(): string[] {
    return this.records.map(({ name }) => name)
  }

  get isRetry(): boolean {
    return this.attempts > 0
  }

  /** Nothing more fits, or may be added. */
  get isFull(): boolean {
    return !this.isOpen || (this.records.length > 0 && this.capacity <= this.estimatedBytes)
  }

  /** What it takes on the wire, as far as that is known before it is compressed. */
  get estimatedBytes(): number {
    if (this.written !== undefined) return this.written.length
    const { magic, compression, ratio } = this.format
    const header = batchHeaderSize(magic)
    if (compression === 'none') return header + this.plainBytes
    return header + Math.floor(this.plainBytes * ratio.of(this.topic) * ESTIMATION_FACTOR)
  }

  /** False if there is no room; the first record always fits. */
  tryAppend(record: ProducerRecord, nowUs: Micros): boolean {
    if (!this.isOpen) return false
    const first = this.records[0]
    const { magic } = this.format
    const size = sizeInBatch(magic, record, this.records.length, record.timestamp - (first ?? record).timestamp)
    if (first !== undefined && this.estimatedBytes + size > this.capacity) {
      this.isOpen = false
      return false
    }
    this.records.push(record)
    this.plainBytes += size
    this.lastAppendUs = nowUs
    return true
  }

  /** Writes the records; no more may be added. */
  close(): Uint8Array {
    this.isOpen = false
    if (this.written !== undefined) return this.written
    const { magic, compression, codecs, ratio, isTransactional } = this.format
    const { records, producer, baseSequence } = this
    const origin =
      producer === undefined
        ? {}
        : {
            producerId: producer.id,
            producerEpoch: producer.epoch,
            baseSequence,
            ...(isTransactional === true ? { isTransactional } : {}),
          }
    if (compression === 'none') this.written = buildRecords(records, { magic, ...origin })
    else {
      this.written = buildRecords(records, { magic, compression, codecs, ...origin })
      const header = batchHeaderSize(magic)
      ratio.observe(this.topic, (this.written.length - header) / this.plainBytes)
    }
    return this.written
  }

  /** How its compressed records compare with the plain ones. */
  get compressionRatio(): number {
    return (this.close().length - batchHeaderSize(this.format.magic)) / this.plainBytes
  }

  get isCompressed(): boolean {
    return this.format.compression !== 'none'
  }

  get magic(): Magic {
    return this.format.magic
  }

  get hasSequence(): boolean {
    return this.producer !== undefined
  }

  /** Number of its last record. */
  get lastSequence(): number {
    return addSequence(this.baseSequence, this.records.length - 1)
  }

  /** Its bytes are written with these numbers from now on. */
  number(producer: ProducerId, baseSequence: number): void {
    this.wasRenumbered = this.hasSequence
    this.producer = producer
    this.baseSequence = baseSequence
    this.written = undefined
  }

  /** An attempt failed, and another one is to follow. */
  retried(nowUs: Micros): void {
    this.attempts++
    this.lastAttemptUs = nowUs
    this.lastAppendUs = Math.max(this.lastAppendUs, nowUs)
  }

  /** In batches of at most `batchSize` bytes, as old as this one, without memory of their own (KIP-126). */
  split(batchSize: number, nowUs: Micros): ProducerBatch[] {
    const parts: ProducerBatch[] = []
    for (const record of this.records) {
      if (parts.at(-1)?.tryAppend(record, nowUs) === true) continue
      const part = new ProducerBatch(this.topic, this.partition, batchSize, this.format, this.createdUs, 0)
      part.tryAppend(record, nowUs)
      parts.push(part)
    }
    let sequence = this.baseSequence
    for (const part of parts) {
      if (this.producer !== undefined) {
        part.number(this.producer, sequence)
        sequence = addSequence(sequence, part.records.length)
      }
      part.close()
    }
    return parts
  }

  digest(digest: Digest): void {
    digest.string(this.tp).int(this.attempts).int(this.createdUs).int(this.lastAttemptUs).boolean(this.isOpen)
    digest
      .int(this.records.length)
      .int(this.baseSequence)
      .int(this.producer?.epoch ?? -1)
    for (const { name } of this.records) digest.string(name)
  }
}
