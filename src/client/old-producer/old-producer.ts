/**
 * The old producer, sync and async: `kafka/producer/Producer.scala`, release 0.8.2.2. A sync one sends one message at a
 * time, and the next when the outcome of the one before is known; an async one puts messages into a queue, from which a
 * thread sends them in batches.
 */
import type { ProducerConfig } from '../../config/index.ts'
import { type Digest, type Host, invariant, type Process, runTask, type Task } from '../../host/index.ts'
import type { BrokerEndpoint } from '../../protocol/index.ts'
import type { Magic } from '../../storage/index.ts'
import { type ApplicationMessage, digestMessage, type Outgoing } from '../application-message.ts'
import { messageName } from '../message-text.ts'
import { Workload, type WorkloadOptions, type WorkloadProgress } from '../workload.ts'
import { EventHandler } from './event-handler.ts'
import { builtInPartitioner, isBuiltInPartitioner, type Partitioner, type PartitionerClass } from './partitioner.ts'
import { SendThread } from './send-thread.ts'

export interface OldProducerOptions {
  readonly name: string
  /** `metadata.broker.list`; ids do not matter and may be -1. */
  readonly bootstrap: readonly BrokerEndpoint[]
  readonly config: ProducerConfig
  /** Format of the messages that it writes; 0 if left out. */
  readonly magic?: Magic
  /** The class that `partitioner.class` names, where it is the application's own. */
  readonly partitioner?: PartitionerClass
  readonly workload?: WorkloadOptions
  /** The application's memory across lives of the process; without it a new life counts from 1 again. */
  readonly progress?: WorkloadProgress
}

export class OldProducerProcess implements Process {
  private readonly host: Host
  private readonly name: string
  private readonly workload: Workload | undefined
  private readonly handler: EventHandler
  /** Sync: messages that the application wants to send, behind the one that is being sent. */
  private readonly waiting: Outgoing[] = []
  private current: Outgoing | undefined
  private closing = false
  private readonly sendThread: SendThread | undefined

  constructor(host: Host, options: OldProducerOptions) {
    const { name, config, bootstrap, magic = 0, workload, progress } = options
    this.host = host
    this.name = name
    const partitioner = createPartitioner(host, options)
    const handler = new EventHandler(host, { name, bootstrap, config, magic, partitioner })
    this.handler = handler
    if (config['producer.type'] === 'async')
      this.sendThread = new SendThread(host, name, config, (batch) => handler.handle(batch))
    if (workload !== undefined)
      this.workload = new Workload(host, name, workload, progress ?? { handed: 0 }, (message) => this.send(message))
  }

  start(): void {
    this.workload?.start()
    if (this.sendThread !== undefined) runTask(this.sendThread.run(), () => this.host.halt('closed'))
  }

  /** `Producer.close`: waits for a `send` under way; an async producer also sends what it has in its queue. */
  shutdown(): void {
    this.workload?.stop()
    this.closing = true
    if (this.sendThread !== undefined) this.sendThread.close()
    else if (this.current === undefined) this.host.halt('closed')
  }

  /** Takes a message from the application: behind those that wait. */
  send(message: ApplicationMessage): void {
    const name = messageName(message.value)
    if (this.host.tracing) {
      const { key = null, topic } = message
      this.host.trace({ kind: 'MessageHanded', client: this.name, message: name, key, topic })
    }
    const outgoing = { ...message, name }
    if (this.sendThread !== undefined) {
      this.sendThread.send(outgoing)
      return
    }
    this.waiting.push(outgoing)
    if (this.current === undefined) runTask(this.sendWaiting())
  }

  digest(digest: Digest): void {
    digest.string(this.name).boolean(this.closing)
    this.handler.digest(digest)
    digestMessage(digest, this.current)
    digest.int(this.waiting.length)
    for (const message of this.waiting) digestMessage(digest, message)
    this.sendThread?.digest(digest)
    this.workload?.digest(digest)
  }

  private *sendWaiting(): Task<void> {
    for (;;) {
      this.current = this.waiting.shift()
      if (this.current === undefined) return
      yield* this.handler.handle([this.current])
      if (this.closing) this.host.halt('closed')
    }
  }
}

function createPartitioner(host: Host, { config, partitioner }: OldProducerOptions): Partitioner {
  if (partitioner !== undefined) return new partitioner(config)
  const name = config['partitioner.class']
  invariant(isBuiltInPartitioner(name), () => `partitioner.class ${name} came without its class`)
  return builtInPartitioner(name, host)
}
