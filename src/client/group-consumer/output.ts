/**
 * What an application writes for each message that it has read: a message of its own, named after the one that it came
 * from, with the same key. With a transactional id, in transactions that take the group's offsets along.
 */
import type { Digest, Host, Task } from '../../host/index.ts'
import { JavaProducer, type JavaProducerOptions } from '../new-producer/java-producer.ts'
import type { TransactionFailure } from '../new-producer/transaction-outcome.ts'
import type { SentOffsets } from '../new-producer/transaction-steps.ts'
import type { ConsumerRecord } from './fetcher.ts'

/** The producer is of no use any more. */
export class FatalProducerError extends Error {
  constructor(exception: string) {
    super('the producer cannot go on')
    this.name = exception
  }
}

/** `receipts/m1`: what the application writes to `receipts` for `m1`. */
export const outputName = (topic: string, message: string): string => `${topic}/${message}`

export class Output {
  private readonly producer: JavaProducer
  private readonly host: Host
  private readonly client: string
  private readonly topic: string

  constructor(host: Host, options: JavaProducerOptions, topic: string) {
    this.host = host
    this.client = options.name
    this.topic = topic
    this.producer = new JavaProducer(host, options, () => {})
  }

  /** @throws FatalProducerError as the others do */
  *start(): Task<void> {
    const { transactions } = this.producer
    if (transactions !== undefined) check(yield* transactions.init())
  }

  begin(): void {
    check(this.producer.transactions!.begin())
  }

  *write({ key, value }: ConsumerRecord): Task<void> {
    if (value === null) return
    const { topic, client } = this
    const name = outputName(topic, value)
    if (this.host.tracing) this.host.trace({ kind: 'MessageHanded', client, message: name, key, topic })
    // What is refused belongs to a transaction that is lost; its end tells.
    yield* this.producer.produce({ topic, value: name, name, ...(key === null ? {} : { key }) })
  }

  *flush(): Task<void> {
    yield* this.producer.flush()
  }

  /** Commits with these offsets. @returns false: it was aborted instead */
  *end(sent: SentOffsets): Task<boolean> {
    const transactions = this.producer.transactions!
    const failed = (yield* transactions.sendOffsets(sent)) ?? (yield* transactions.commit())
    if (failed === undefined) return true
    check(failed)
    check(yield* transactions.abort())
    return false
  }

  digest(digest: Digest): void {
    this.producer.digest(digest)
  }
}

function check(failed: TransactionFailure | undefined): void {
  if (failed?.kind === 'fatal') throw new FatalProducerError(failed.error)
}
