/** A process that consists of a Java producer and the application that sends with it. */
import type { Digest, Host, Process } from '../../host/index.ts'
import type { ApplicationMessage } from '../application-message.ts'
import { messageName } from '../message-text.ts'
import { Workload, type WorkloadOptions, type WorkloadProgress } from '../workload.ts'
import { JavaProducer, type JavaProducerOptions } from './java-producer.ts'

export interface JavaProducerProcessOptions extends JavaProducerOptions {
  readonly workload?: WorkloadOptions
  /** The application's memory across lives of the process; without it a new life counts from 1 again. */
  readonly progress?: WorkloadProgress
}

export class JavaProducerProcess implements Process {
  private readonly host: Host
  private readonly name: string
  private readonly producer: JavaProducer
  private readonly workload: Workload | undefined

  constructor(host: Host, options: JavaProducerProcessOptions) {
    const { name, workload, progress } = options
    this.host = host
    this.name = name
    this.producer = new JavaProducer(host, options, () => host.halt('closed'))
    if (workload !== undefined)
      this.workload = new Workload(host, name, workload, progress ?? { handed: 0 }, (message) => this.send(message))
  }

  start(): void {
    this.workload?.start()
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
  }
}
