/** Judges `messages`: facts about single messages, from the ledger. */
import { describeFate, type Ledger, matches } from '../../view/index.ts'
import type { Match, MessageExpectation } from '../plan.ts'
import { matchWords } from './match.ts'
import type { ExpectationResult } from './result.ts'

/** One result for each field that is asked. */
export function judgeMessage(expectation: MessageExpectation, ledger: Ledger): ExpectationResult[] {
  const { message, spans } = expectation
  const fate = describeFate(ledger, message)
  const results: ExpectationResult[] = []
  const add = (field: string, held: boolean, expected: string, found: string): void => {
    const because = held ? {} : { because: fate }
    results.push({
      what: `message ${message}: ${field}`,
      held,
      expected,
      found,
      ...because,
      span: spans[field] ?? expectation.span,
    })
  }
  const fact = (field: string, wanted: boolean | undefined, found: boolean): void => {
    if (wanted !== undefined) add(field, wanted === found, yesOrNo(wanted), yesOrNo(found))
  }
  const amount = (field: string, wanted: Match | undefined, found: number): void => {
    if (wanted !== undefined) add(field, matches(wanted, found), matchWords(wanted), String(found))
  }
  fact('acked', expectation.acked, ledger.reached(message, 'acked'))
  amount('copies', expectation.copies, ledger.copies(message, 'standing').length)
  amount('lost', expectation.lost, ledger.copies(message, 'lost').length)
  fact('committed', expectation.committed, ledger.reached(message, 'committed'))
  fact('gaveUp', expectation.gaveUp, ledger.reached(message, 'gave-up'))
  fact('dropped', expectation.dropped, ledger.reached(message, 'dropped'))
  fact('lostInQueue', expectation.lostInQueue, ledger.reached(message, 'lost-in-queue'))
  amount('read', expectation.read, ledger.messages.get(message)?.reads.length ?? 0)
  amount('processed', expectation.processed, ledger.applications.timesProcessed(message))
  return results
}

const yesOrNo = (fact: boolean): string => (fact ? 'yes' : 'no')
