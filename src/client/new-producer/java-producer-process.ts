/** A process that consists of a Java producer and the application that sends with it. */
import type { Digest, Host, Process, Task } from '../../host/index.ts'
import type { ApplicationMessage } from '../application-message.ts'
import { messageName } from '../message-text.ts'
import { Workload, type WorkloadOptions, type WorkloadProgress } from '../workload.ts'
import { JavaProducer, type JavaProducerOptions } from './java-producer.ts'
import { TransactionBatching } from './transaction-batching.ts'
import type { TransactionFailure } from './transaction-outcome.ts'
import type { Transactions } from './transactions.ts'

export interface JavaProducerProcessOptions extends JavaProducerOptions {
  readonly workload?: WorkloadOptions
  /** The application's memory across lives of the process; without it a new life counts from 1 again. */
  readonly progress?: WorkloadProgress
}

/** What an application may do with a transaction when it is told to. */
export type TransactionAction = 'begin' | 'commit' | 'abort'

export class JavaProducerProcess implements Process {
  private readonly host: Host
  private readonly name: string
  private readonly producer: JavaProducer
  private readonly workload: Workload | undefined
  /** How the workload makes transactions of its messages. */
  private readonly batching: TransactionBatching | undefined

  constructor(host: Host, options: JavaProducerProcessOptions) {
    const { name, workload, progress } = options
    this.host = host
    this.name = name
    this.producer = new JavaProducer(host, options, () => host.halt('closed'))
    if (workload === undefined) return
    const known = progress ?? { handed: 0 }
    const { transaction, count } = workload
    if (transaction === undefined) {
      this.workload = new Workload(host, name, workload, known, (message) => this.send(message))
      return
    }
    this.batching = new TransactionBatching(transaction, (action) => this.transact(action))
    const { batching } = this
    this.workload = new Workload(host, name, workload, known, (message) =>
      batching.around(known.handed === count, () => this.send(message)),
    )
  }

  start(): void {
    const { transactions } = this.producer
    if (transactions !== undefined) this.does(() => transactions.init())
    this.workload?.start()
  }

  /** Begins or ends a transaction: behind what the application is doing already. */
  transact(action: TransactionAction): void {
    const { transactions } = this.producer
    if (transactions === undefined) return
    if (action === 'commit') this.does(() => this.commit(transactions))
    else if (action === 'abort') this.does(() => transactions.abort())
    else this.does(() => beginNow(transactions))
  }

  /** As the documentation of `KafkaProducer` advises: what can be aborted is aborted. */
  private *commit(transactions: Transactions): Task<TransactionFailure | undefined> {
    const failed = yield* transactions.commit()
    return failed?.kind === 'abortable' ? yield* transactions.abort() : failed
  }

  /** The application dies of what its producer cannot recover from. */
  private does(call: () => Task<TransactionFailure | undefined>): void {
    const { host } = this
    this.producer.does({
      *run() {
        const failed = yield* call()
        if (failed?.kind === 'fatal') host.halt(failed.error)
      },
    })
  }

  shutdown(): void {
    this.workload?.stop()
    this.producer.close()
  }

  /** Takes a message from the application: behind those that wait. */
  send(message: ApplicationMessage): void {
    const name = messageName(message.value)
    if (this.host.tracing) {
      const { key = null, topic } = message
      this.host.trace({ kind: 'MessageHanded', client: this.name, message: name, key, topic })
    }
    this.producer.send({ ...message, name })
  }

  digest(digest: Digest): void {
    digest.string(this.name)
    this.producer.digest(digest)
    this.workload?.digest(digest)
    this.batching?.digest(digest)
  }
}

// biome-ignore lint/correctness/useYield: the producer only remembers it
function* beginNow(transactions: Transactions): Task<TransactionFailure | undefined> {
  return transactions.begin()
}
