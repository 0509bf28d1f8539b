/** An application that makes transactions of a steady flow of messages: so many each, and every so many it changes its mind. */
import type { Digest } from '../../host/index.ts'
import type { WorkloadOptions } from '../workload.ts'

export class TransactionBatching {
  private readonly options: NonNullable<WorkloadOptions['transaction']>
  private readonly does: (action: 'begin' | 'commit' | 'abort') => void
  private messages = 0
  private transactions = 0

  constructor(
    options: NonNullable<WorkloadOptions['transaction']>,
    does: (action: 'begin' | 'commit' | 'abort') => void,
  ) {
    this.options = options
    this.does = does
  }

  /** @param isLast there are no more messages: what has begun ends with this one */
  around(isLast: boolean, send: () => void): void {
    if (this.messages === 0) {
      this.transactions++
      this.does('begin')
    }
    send()
    this.messages++
    if (this.messages < this.options.messages && !isLast) return
    this.messages = 0
    const { abortEvery } = this.options
    this.does(abortEvery !== undefined && this.transactions % abortEvery === 0 ? 'abort' : 'commit')
  }

  digest(digest: Digest): void {
    digest.int(this.messages).int(this.transactions)
  }
}
