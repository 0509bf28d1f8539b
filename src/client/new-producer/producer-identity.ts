/** How an idempotent producer comes to its id: before anything is sent, and again when it has given the id up. */
import type { Host, Micros } from '../../host/index.ts'
import { ErrorCode } from '../../protocol/index.ts'
import type { ClientEvent } from '../events.ts'
import type { Idempotence } from './idempotence.ts'
import type { ProducerNetwork } from './producer-network.ts'

/** Java's `Integer.MAX_VALUE`, as in Kafka: there is no transaction. */
const NO_TRANSACTION_MS = 0x7fff_ffff

export class ProducerIdentity {
  private readonly host: Host
  private readonly network: ProducerNetwork
  private readonly idempotence: Idempotence
  private readonly client: string
  private readonly retryBackoffUs: Micros
  private asking = false
  private notBeforeUs: Micros = 0

  constructor(
    host: Host,
    network: ProducerNetwork,
    idempotence: Idempotence,
    { client, retryBackoffUs }: { readonly client: string; readonly retryBackoffUs: Micros },
  ) {
    this.host = host
    this.network = network
    this.idempotence = idempotence
    this.client = client
    this.retryBackoffUs = retryBackoffUs
  }

  /** Undefined where there is an id to send with; else when to look again. */
  mustWait(): { readonly nodes: readonly []; readonly nextUs: Micros } | undefined {
    if (this.idempotence.settle()) this.traceReset()
    if (this.idempotence.producer !== undefined) return undefined
    return { nodes: [], nextUs: this.ask() }
  }

  private ask(): Micros {
    if (this.asking) return Number.POSITIVE_INFINITY
    const waitUs = this.notBeforeUs - this.host.now()
    if (waitUs > 0) return waitUs
    const request = {
      api: 'InitProducerId',
      correlationId: this.network.nextCorrelationId(),
      clientId: this.client,
      transactionalId: null,
      transactionTimeoutMs: NO_TRANSACTION_MS,
    } as const
    this.asking = this.network.sendToAny(request, (result) => {
      this.asking = false
      if (result.ok && result.response.errorCode === ErrorCode.NoError) {
        const { producerId, producerEpoch: epoch } = result.response
        this.idempotence.assigned({ id: producerId, epoch })
        this.trace({ kind: 'ProducerIdAssigned', client: this.client, producerId, epoch })
      } else this.notBeforeUs = this.host.now() + this.retryBackoffUs
    })
    // Connections that come to stand wake the thread.
    return this.asking ? Number.POSITIVE_INFINITY : this.retryBackoffUs
  }

  private traceReset(): void {
    const { id: producerId, epoch } = this.idempotence.producer ?? { id: -1, epoch: -1 }
    this.trace({ kind: 'ProducerSequencesReset', client: this.client, producerId, epoch })
  }

  private trace(event: ClientEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }
}
