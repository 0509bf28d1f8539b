/**
 * Judges `promises`. A guarantee that this configuration promises must hold, always. One that it does not promise may be
 * broken; with `broken: [...]` in the scenario the list is exact, so that a story says what it shows and nothing else
 * breaks unseen.
 */
import type { PromiseExpectation, SourceSpan } from '../plan.ts'
import type { BrokenPromise, ExpectationResult, PromiseSummary } from './result.ts'

const wholeFile: SourceSpan = { line: 1, column: 1, length: 1 }

export function judgePromises(
  expectation: PromiseExpectation | undefined,
  promises: PromiseSummary,
): ExpectationResult[] {
  const span = expectation?.span ?? wholeFile
  const broken = new Map(promises.broken.map((promise) => [promise.name, promise]))
  const results: ExpectationResult[] = []
  for (const name of expectation?.broken ?? []) results.push(listed(name, broken.get(name), span))
  for (const promise of promises.broken) {
    if (expectation?.broken.includes(promise.name) === true) continue
    if (expectation === undefined && promise.permitted) continue
    results.push({
      what: `promise ${promise.name}`,
      held: false,
      expected: 'kept',
      found: foundWords(promise),
      because: because(promise),
      span,
    })
  }
  if (expectation !== undefined && results.every((result) => result.held)) {
    const others = promises.watched.length - expectation.broken.length
    results.push({ what: 'all other promises', held: true, expected: 'kept', found: `${others} kept`, span })
  }
  return results
}

function listed(name: string, promise: BrokenPromise | undefined, span: SourceSpan): ExpectationResult {
  const what = `promise ${name}`
  const expected = 'broken, and permitted to be'
  if (promise === undefined) return { what, held: false, expected, found: 'kept', span }
  return { what, held: promise.permitted, expected, found: foundWords(promise), because: because(promise), span }
}

const foundWords = (promise: BrokenPromise): string =>
  promise.permitted ? 'broken, and permitted to be' : 'broken, though it is promised here'

const because = (promise: BrokenPromise): string => [promise.reason, ...promise.breaches.slice(0, 3)].join(' ')
