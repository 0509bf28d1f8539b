/**
 * The transactions of a producer as its application sees them (`KafkaProducer.java`): calls that wait until a coordinator
 * has done what they ask for. From 2.0 on (initTransactions) and 2.3 on (the others) they throw `TimeoutException` after
 * `max.block.ms`; the application calls again then, which goes on waiting for the same.
 */
import { type Host, type Micros, type Task, type Timer, until } from '../../host/index.ts'
import type { TransactionCall } from './events.ts'
import type { TransactionManager } from './transaction-manager.ts'
import type { Outcome, TransactionFailure } from './transaction-outcome.ts'
import type { SentOffsets } from './transaction-steps.ts'

export interface TransactionsOptions {
  readonly maxBlockUs: Micros
  /** Which calls have a time limit. */
  readonly blocking: 'for-ever' | 'init-limited' | 'limited'
}

type Called = Task<TransactionFailure | undefined>

export class Transactions {
  private readonly host: Host
  private readonly manager: TransactionManager
  private readonly options: TransactionsOptions

  constructor(host: Host, manager: TransactionManager, options: TransactionsOptions) {
    this.host = host
    this.manager = manager
    this.options = options
  }

  get isOpen(): boolean {
    return this.manager.isInTransaction || this.manager.dropsUnsent
  }

  /** Fences those who had the transactional id before, and has what they left open aborted. */
  *init(): Called {
    return yield* this.result(this.manager.init(), 'initTransactions')
  }

  begin(): TransactionFailure | undefined {
    return this.manager.begin()
  }

  *sendOffsets(sent: SentOffsets): Called {
    const { failure } = this.manager
    if (failure !== undefined) return failure
    const failed = yield* this.result(this.manager.sendOffsets(sent), 'sendOffsetsToTransaction')
    if (failed !== undefined) return failed
    const { manager } = this
    const offsets = Object.fromEntries(sent.offsets)
    const { group } = sent
    const transaction = manager.transaction
    manager.trace({ kind: 'OffsetsSentToTransaction', ...manager.names, transaction, group, offsets })
    return undefined
  }

  *commit(): Called {
    const failed = yield* this.result(this.manager.commit(), 'commitTransaction')
    if (failed === undefined) this.ended('committed')
    else if (failed.kind === 'fatal') this.ended('unknown')
    return failed
  }

  *abort(): Called {
    const failed = yield* this.result(this.manager.abort(), 'abortTransaction')
    this.ended(failed === undefined ? 'aborted' : 'unknown')
    return failed
  }

  private ended(outcome: 'committed' | 'aborted' | 'unknown'): void {
    const { manager } = this
    manager.trace({ kind: 'TransactionEnded', ...manager.names, transaction: manager.transaction, outcome })
  }

  private *result(outcome: Outcome, call: TransactionCall): Called {
    const { blocking, maxBlockUs } = this.options
    const isLimited = blocking === 'limited' || (blocking === 'init-limited' && call === 'initTransactions')
    while (!outcome.isSettled) {
      yield* this.wait(outcome, isLimited ? maxBlockUs : undefined)
      if (outcome.isSettled) break
      const { manager } = this
      manager.trace({ kind: 'TransactionBlocked', ...manager.names, transaction: manager.transaction, call })
    }
    return outcome.result
  }

  private *wait(outcome: Outcome, limitUs: Micros | undefined): Task<void> {
    yield* until<void>((resume) => {
      let timer: Timer | undefined
      if (limitUs !== undefined) {
        timer = this.host.setTimer(limitUs, 'max.block.ms', () => {
          outcome.whenSettled(undefined)
          resume()
        })
      }
      outcome.whenSettled(() => {
        timer?.cancel()
        resume()
      })
    })
  }
}
