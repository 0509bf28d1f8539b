/**
 * The offsets topic, or the transaction log, as a coordinator uses it: writes to the partitions that its broker leads, and
 * reads of a whole partition when it has come to lead one. Both are records in the format of the partition's log.
 */
import { FileError, type Host, sleep, type Task } from '../host/index.ts'
import { ByteCodecError, ErrorCode } from '../protocol/index.ts'
import { type Batch, batchesOf, buildRecords, LogError, type LogRecord } from '../storage/index.ts'
import type { BrokerAccess } from './broker-access.ts'

export interface KeyAndValue {
  readonly key: Uint8Array
  /** Null: delete the key. */
  readonly value: Uint8Array | null
}

/** Whose transaction the records are part of. */
export interface RecordsOrigin {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

export interface InternalLogOptions {
  readonly topic: string
  readonly requiredAcks: number
  readonly timeoutMs: number
  readonly loadBufferBytes: number
  /** F27: how far a partition is read. */
  readonly readTo: 'high-watermark' | 'log-end'
}

export class InternalLog {
  private readonly host: Host
  private readonly broker: BrokerAccess
  private readonly options: InternalLogOptions

  constructor(host: Host, broker: BrokerAccess, options: InternalLogOptions) {
    this.host = host
    this.broker = broker
    this.options = options
  }

  /** Appends, and waits for the acknowledgements that a commit needs. @param timeoutMs the usual one if left out */
  write(
    partition: number,
    entries: readonly KeyAndValue[],
    done: (errorCode: ErrorCode, baseOffset: number) => void,
    {
      timeoutMs = this.options.timeoutMs,
      origin,
      onAgreed,
    }: { readonly timeoutMs?: number; readonly origin?: RecordsOrigin; readonly onAgreed?: () => void } = {},
  ): void {
    const records = this.build(partition, entries, origin)
    if (records === undefined) return done(ErrorCode.NotLeaderForPartition, -1)
    const { topic, requiredAcks } = this.options
    const transactionalId = origin?.transactionalId
    this.broker.append({ topic, partition, records, requiredAcks, timeoutMs, transactionalId, onAgreed }, done)
  }

  /** Appends without waiting, or fails in silence: another coordinator will do the same again. */
  writeLazily(partition: number, entries: readonly KeyAndValue[]): void {
    const records = this.build(partition, entries)
    if (records === undefined || entries.length === 0) return
    this.broker.append({ topic: this.options.topic, partition, records, requiredAcks: 0, timeoutMs: 0 }, () => {})
  }

  private build(partition: number, entries: readonly KeyAndValue[], origin?: RecordsOrigin): Uint8Array | undefined {
    const log = this.broker.log(this.options.topic, partition)
    if (log === undefined) return undefined
    const { magic } = log.format
    const timestamp = Math.floor(this.host.now() / 1000)
    const records = magic === 0 ? entries : entries.map((entry) => ({ ...entry, timestamp }))
    return buildRecords(records, {
      magic,
      baseOffset: 0,
      ...(origin === undefined
        ? {}
        : { producerId: origin.producerId, producerEpoch: origin.producerEpoch, isTransactional: true }),
    })
  }

  /** Up to where a partition can be read now; -1 if this broker does not lead it. */
  end(partition: number): number {
    return this.options.readTo === 'log-end'
      ? this.broker.logEndOffset(this.options.topic, partition)
      : this.broker.highWatermark(this.options.topic, partition)
  }

  /**
   * Reads a partition from its beginning, a buffer at a time, and hands over each record, and control records. What is looked at before each
   * read is how far it may begin, not how far it goes: a buffer may hold more. It ends early when the broker leads the
   * partition no more, and where nothing can be read.
   * @returns offset behind the last record
   */
  *readAll(partition: number, take: (record: LogRecord, batch: Batch) => void): Task<number> {
    const log = this.broker.log(this.options.topic, partition)
    let next = log?.logStartOffset ?? 0
    try {
      while (log !== undefined && next < this.end(partition)) {
        const { records: bytes } = log.read(next, this.options.loadBufferBytes)
        const from = next
        for (const batch of batchesOf(bytes)) {
          for (const record of batch.records()) if (record.offset >= from) take(record, batch)
          next = Math.max(next, batch.lastOffset + 1)
        }
        if (next === from) break
        // Others have their turn while a long partition is read.
        yield* sleep(this.host, 0, 'offsets load')
      }
    } catch (error) {
      // Kafka logs what goes wrong, and goes on with what it has.
      const expected = error instanceof FileError || error instanceof LogError || error instanceof ByteCodecError
      if (!expected) throw error
    }
    return next
  }
}
