/** A process that consists of a consumer and the application's loop around it: poll, process, commit. */
import { type Digest, type Host, type Micros, type Process, runTask, type Task } from '../../host/index.ts'
import { type Processing as Books, Processing, type ProcessingOptions } from '../application.ts'
import { ConsumerError } from './consumer-error.ts'
import type { ConsumerRecord } from './fetcher.ts'
import { KafkaConsumer, type KafkaConsumerOptions } from './kafka-consumer.ts'

export interface GroupConsumerOptions extends KafkaConsumerOptions {
  readonly processing: ProcessingOptions
  /** Longest stay in one `poll`. */
  readonly pollUs: Micros
}

export class GroupConsumerProcess implements Process {
  private readonly host: Host
  private readonly options: GroupConsumerOptions
  private readonly consumer: KafkaConsumer
  private readonly books: Books
  private phase: 'poll' | 'process' | 'commit' | 'closing' = 'poll'
  private closing = false

  constructor(host: Host, options: GroupConsumerOptions) {
    this.host = host
    this.options = options
    this.consumer = new KafkaConsumer(host, options)
    const { name, config, processing } = options
    this.books = new Processing(host, name, config['group.id'], processing.eachUs)
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
      while (!this.closing) yield* this.once()
      this.phase = 'closing'
      yield* this.consumer.close()
    } catch (error) {
      // The application does not catch it, and dies.
      if (error instanceof ConsumerError) this.host.halt(`${error.exception}: ${error.message}`)
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
    if (commits === 'before') yield* this.commit()
    this.phase = 'process'
    if (handsOver) {
      const thread = this.books.handOver(records)
      if (thread !== undefined) runTask(thread)
    } else yield* this.processAll(records)
    if (commits === 'after') yield* this.commit()
  }

  private *processAll(records: readonly ConsumerRecord[]): Task<void> {
    for (const record of records) {
      yield* this.books.process(record)
      if (this.options.processing.commits !== 'after-each') continue
      yield* this.commit(new Map([[record.tp, record.offset + 1]]))
      this.phase = 'process'
    }
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
  }
}
