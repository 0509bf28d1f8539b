/** The queue of a producer's requests to coordinators, and which brokers those are: one request at a time is under way. */
import type { Digest, Host, Micros } from '../../host/index.ts'
import { ErrorCode, type FindCoordinatorResponse, type KafkaRequest, type RpcResult } from '../../protocol/index.ts'
import type { ProducerNode } from './producer-metadata.ts'
import type { ProducerNetwork } from './producer-network.ts'
import type { TransactionManager } from './transaction-manager.ts'
import type { Outcome, TransactionFailure } from './transaction-outcome.ts'
import type { TransactionStep } from './transaction-steps.ts'

interface Waiting {
  readonly step: TransactionStep
  readonly outcome: Outcome
}

const NEVER = Number.POSITIVE_INFINITY

export class TransactionWire {
  private readonly host: Host
  private readonly network: ProducerNetwork
  private readonly manager: TransactionManager
  private readonly waiting: Waiting[] = []
  private readonly coordinators: { transaction?: ProducerNode; group?: ProducerNode } = {}
  private busy = false
  private notBeforeUs: Micros = 0

  constructor(host: Host, network: ProducerNetwork, manager: TransactionManager) {
    this.host = host
    this.network = network
    this.manager = manager
  }

  /** Behind those that are as urgent. */
  add(step: TransactionStep, outcome: Outcome): Outcome {
    const later = this.waiting.findIndex((one) => one.step.priority > step.priority)
    this.waiting.splice(later < 0 ? this.waiting.length : later, 0, { step, outcome })
    this.manager.onWork()
    return outcome
  }

  /** As `TransactionManager.turn`. */
  turn(hasIncomplete: boolean): Micros | undefined {
    if (this.busy) return NEVER
    this.manager.addFresh()
    for (;;) {
      const first = this.waiting[0]
      if (first === undefined) return undefined
      const { step, outcome } = first
      // What is left of the transaction's data goes first.
      if (step.api === 'EndTxn' && hasIncomplete) return undefined
      const { failure } = this.manager
      if (failure !== undefined) {
        this.waiting.shift()
        outcome.settle(failure)
        continue
      }
      if (step.api === 'EndTxn' && !this.manager.isStarted) {
        // The coordinator has never heard of it.
        this.waiting.shift()
        this.manager.completed(outcome)
        continue
      }
      const waitUs = this.notBeforeUs - this.host.now()
      if (waitUs > 0) return waitUs
      return this.send(first)
    }
  }

  private send(first: Waiting): Micros {
    const { step, outcome } = first
    const node = this.coordinators[step.coordinator]
    if (node === undefined) return this.find(step)
    if (!this.network.ready(node)) {
      // A broker that cannot be connected to may not be the coordinator any more.
      if (this.network.hasFailed(node)) return this.find(step)
      return this.network.retryInUs(node)
    }
    this.waiting.shift()
    this.busy = true
    const request = step.request(this.network.nextCorrelationId())
    this.network.send(node, request as KafkaRequest, (result) => {
      this.busy = false
      if (!result.ok) {
        delete this.coordinators[step.coordinator]
        return this.again(first)
      }
      switch (step.answered(result.response, outcome)) {
        case 'done':
          return outcome.settle()
        case 'handed-on':
          return
        case 'failed':
          return outcome.settle(this.manager.failure)
        case 'lost':
          delete this.coordinators[step.coordinator]
          return this.again(first)
        case 'again':
          return this.again(first)
      }
    })
    return NEVER
  }

  private again({ step, outcome }: Waiting): void {
    const at = this.waiting.findIndex((one) => one.step.priority >= step.priority)
    this.waiting.splice(at < 0 ? this.waiting.length : at, 0, { step, outcome })
    this.notBeforeUs = this.host.now() + this.manager.backoffUs(step)
  }

  /** Asks any broker for a coordinator. */
  private find({ coordinator: keyType, key }: TransactionStep): Micros {
    const { client } = this.manager.options
    const request = {
      api: 'FindCoordinator',
      correlationId: this.network.nextCorrelationId(),
      clientId: client,
      key,
      keyType,
    } as const
    const sent = this.network.sendToAny(request, (result) => {
      this.busy = false
      this.found(keyType, result)
    })
    this.busy = sent
    // Connections that come to stand wake the thread.
    return sent ? NEVER : this.manager.options.retryBackoffUs
  }

  private found(keyType: 'transaction' | 'group', result: RpcResult<FindCoordinatorResponse>): void {
    const { retryBackoffUs } = this.manager.options
    if (result.ok && result.response.errorCode === ErrorCode.NoError) {
      const node = { ...result.response.coordinator!, isBootstrap: false }
      this.coordinators[keyType] = node
      const { names } = this.manager
      this.manager.trace({ kind: 'TransactionCoordinatorFound', ...names, of: keyType, broker: node.id })
    } else this.notBeforeUs = this.host.now() + retryBackoffUs
  }

  /** Nothing of this will be done any more. */
  failAll(failure: TransactionFailure): void {
    for (const { outcome } of this.waiting.splice(0)) outcome.settle(failure)
  }

  digest(digest: Digest): void {
    const { transaction, group } = this.coordinators
    digest.boolean(this.busy).int(this.notBeforeUs).int(this.waiting.length)
    digest.int(transaction?.id ?? -1).int(group?.id ?? -1)
    for (const { step } of this.waiting) digest.string(step.api)
  }
}
