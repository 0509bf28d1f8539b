/** What an application that waits for a step of its transaction is told (`TransactionalRequestResult.java`). */

export interface TransactionFailure {
  /** Name of Kafka's exception. */
  readonly error: string
  /** `abortable`: the transaction is lost; `fatal`: the producer can only be closed. */
  readonly kind: 'abortable' | 'fatal'
}

export class Outcome {
  private settled = false
  private failure: TransactionFailure | undefined
  private waiting: (() => void) | undefined

  static failed(failure: TransactionFailure): Outcome {
    const outcome = new Outcome()
    outcome.settle(failure)
    return outcome
  }

  /** Only the first time counts. @param failure undefined: it is done */
  settle(failure?: TransactionFailure): void {
    if (this.settled) return
    this.settled = true
    this.failure = failure
    this.waiting?.()
  }

  get isSettled(): boolean {
    return this.settled
  }

  /** Undefined if it is done; ask when it is settled. */
  get result(): TransactionFailure | undefined {
    return this.failure
  }

  /** Calls back once, when it is settled; nobody else waits then. */
  whenSettled(callback: (() => void) | undefined): void {
    this.waiting = callback
    if (this.settled) callback?.()
  }
}
