/** Judges `applications`: what the applications of a group lost and did twice, from their own books. */
import { describeLoss, describeRepetition, type Ledger, listNames, matches } from '../../view/index.ts'
import type { ApplicationExpectation, MessagesMatch } from '../plan.ts'
import { matchWords } from './match.ts'
import type { ExpectationResult } from './result.ts'

/** Messages whose story is told where an expectation failed. */
const TOLD = 3

/** One result for each field that is asked. */
export function judgeApplication(expectation: ApplicationExpectation, ledger: Ledger): ExpectationResult[] {
  const { group, spans, lost, repeated, processed } = expectation
  const results: ExpectationResult[] = []
  const add = (field: string, held: boolean, expected: string, found: string, because: string): void => {
    results.push({
      what: `application of ${group}: ${field}`,
      held,
      expected,
      found,
      ...(held || because === '' ? {} : { because }),
      span: spans[field] ?? expectation.span,
    })
  }
  const messages = (
    field: string,
    wanted: MessagesMatch | undefined,
    found: readonly string[],
    tell: (message: string) => string,
  ): void => {
    if (wanted === undefined) return
    const held =
      'amount' in wanted
        ? matches(wanted.amount, found.length)
        : found.length === wanted.messages.length && wanted.messages.every((message) => found.includes(message))
    const expected = 'amount' in wanted ? matchWords(wanted.amount) : named(wanted.messages)
    add(field, held, expected, named(found), found.slice(0, TOLD).map(tell).join(' '))
  }
  messages('lost', lost, ledger.lostByApplication(group), (message) => describeLoss(ledger, group, message))
  messages('repeated', repeated, ledger.applications.repeated(group), (message) =>
    describeRepetition(ledger, group, message),
  )
  if (processed !== undefined) {
    const done = ledger.applications.groups.get(group)?.processed.size ?? 0
    add('processed', matches(processed, done), matchWords(processed), String(done), '')
  }
  return results
}

const named = (messages: readonly string[]): string =>
  messages.length === 0 ? '0' : `${messages.length}: ${listNames(messages)}`
