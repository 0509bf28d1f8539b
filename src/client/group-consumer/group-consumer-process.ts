/** A process that consists of a consumer and the application's loop around it: poll, process, commit. */
import type { JavaProducerConfig } from '../../config/index.ts'
import { type Digest, type Host, type Micros, type Process, runTask, type Task } from '../../host/index.ts'
import { type Processing as Books, Processing, type ProcessingOptions } from '../application.ts'
import { ConsumerError } from './consumer-error.ts'
import type { ConsumerRecord } from './fetcher.ts'
import { KafkaConsumer, type KafkaConsumerOptions } from './kafka-consumer.ts'
import { FatalProducerError, Output } from './output.ts'

export interface GroupConsumerOptions extends KafkaConsumerOptions {
  readonly processing: ProcessingOptions
  /** Longest stay in one `poll`. */
  readonly pollUs: Micros
  /** The application writes something for each message: where to, and the settings of its producer. */
  readonly writes?: { readonly topic: string; readonly producer: JavaProducerConfig }
}

export class GroupConsumerProcess implements Process {
  private readonly host: Host
  private readonly options: GroupConsumerOptions
  private readonly consumer: KafkaConsumer
  private readonly books: Books
  private readonly output: Output | undefined
  private phase: 'poll' | 'process' | 'commit' | 'closing' = 'poll'
  private closing = false

  constructor(host: Host, options: GroupConsumerOptions) {
    this.host = host
    this.options = options
    this.consumer = new KafkaConsumer(host, options)
    const { name, config, processing } = options
    this.books = new Processing(host, name, config['group.id'], processing.eachUs)
    const { writes, bootstrap, versions } = options
    if (writes === undefined) return
    const { topic, producer } = writes
    this.output = new Output(host, { name, bootstrap, versions, config: producer }, topic)
  }

  start(): void {
    runTask(this.run())
  }

  /** The loop ends after what it is doing; then the consumer is closed. */
  shutdown(): void {
    this.closing = true
  }

  private *run(): Task<void> {
    try {
      if (this.output !== undefined) yield* this.output.start()
      while (!this.closing) yield* this.once()
      this.phase = 'closing'
      yield* this.consumer.close()
    } catch (error) {
      // The application does not catch it, and dies.
      if (error instanceof ConsumerError || error instanceof FatalProducerError)
        this.host.halt(`${error.name}: ${error.message}`)
      throw error
    }
    this.host.halt('closed')
  }

  private *once(): Task<void> {
    const { processing, pollUs } = this.options
    const { commits, handsOver } = processing
    this.phase = 'poll'
    const records = yield* this.consumer.poll(pollUs)
    if (records.length === 0) return
    if (commits === 'transaction') return yield* this.inTransaction(this.output!, records)
    if (commits === 'before') yield* this.commit()
    this.phase = 'process'
    if (handsOver) {
      const thread = this.books.handOver(records)
      if (thread !== undefined) runTask(thread)
    } else yield* this.processAll(records)
    if (this.output !== undefined && !handsOver) yield* this.output.flush()
    if (commits === 'after') yield* this.commit()
  }

  private *processAll(records: readonly ConsumerRecord[]): Task<void> {
    for (const record of records) {
      yield* this.books.process(record)
      if (this.output !== undefined) yield* this.output.write(record)
      if (this.options.processing.commits !== 'after-each') continue
      yield* this.commit(new Map([[record.tp, record.offset + 1]]))
      this.phase = 'process'
    }
  }

  /**
   * Consume, transform, produce: what comes of the messages and the offsets behind them become visible together, or not at
   * all. If they do not, the application begins again where its group has committed.
   */
  private *inTransaction(output: Output, records: readonly ConsumerRecord[]): Task<void> {
    output.begin()
    this.phase = 'process'
    for (const record of records) {
      yield* this.books.prepare(record)
      yield* output.write(record)
    }
    this.phase = 'commit'
    const { consumer } = this
    const sent = { group: this.options.config['group.id'], ...consumer.groupMetadata, offsets: consumer.consumed }
    if (!(yield* output.end(sent))) consumer.rewind()
  }

  /** A commit that fails because the group has gone on is the next owner's affair: the application goes on as well. */
  private *commit(offsets: ReadonlyMap<string, number> = this.consumer.consumed): Task<void> {
    this.phase = 'commit'
    if (this.options.processing.withoutWaiting) {
      this.consumer.commitAsync(offsets)
      return
    }
    try {
      yield* this.consumer.commitSync(offsets)
    } catch (error) {
      if (!(error instanceof ConsumerError) || error.exception !== 'CommitFailedException') throw error
    }
  }

  digest(digest: Digest): void {
    digest.string(this.phase).boolean(this.closing)
    this.consumer.digest(digest)
    this.books.digest(digest)
    this.output?.digest(digest)
  }
}
