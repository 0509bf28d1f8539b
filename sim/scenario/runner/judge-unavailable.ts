/** Judges `unavailable`: how long a partition could not be written or read. */
import { type Ledger, matches, type UnavailableInterval } from '../../view/index.ts'
import type { UnavailabilityExpectation } from '../plan.ts'
import { matchWords } from './match.ts'
import type { ExpectationResult } from './result.ts'
import { duration } from './words.ts'

/** The longest interval counts. */
export function judgeUnavailability(expectation: UnavailabilityExpectation, ledger: Ledger): ExpectationResult {
  const { topic, partition, operation, span } = expectation
  const intervals = ledger.unavailable(`${topic}-${partition}`, operation)
  const longest = longestOf(intervals)
  const openAtEnd = intervals.some((interval) => interval.atEnd)
  const wanted: string[] = []
  let held = true
  if (expectation.forUs !== undefined) {
    wanted.push(`for ${matchWords(expectation.forUs, (us) => duration(Number(us)))}`)
    held &&= matches(expectation.forUs, longest === undefined ? 0 : lengthOf(longest))
  }
  if (expectation.atEnd !== undefined) {
    wanted.push(expectation.atEnd ? 'still at the end' : 'over before the end')
    held &&= expectation.atEnd === openAtEnd
  }
  if (wanted.length === 0) {
    wanted.push('at some time')
    held = longest !== undefined
  }
  return {
    what: `${topic}-${partition} takes no ${operation}s`,
    held,
    expected: wanted.join(', '),
    found: longest === undefined ? `every ${operation} succeeded` : intervalWords(longest, openAtEnd),
    span,
  }
}

const lengthOf = (interval: UnavailableInterval): number => interval.toUs - interval.fromUs

function longestOf(intervals: readonly UnavailableInterval[]): UnavailableInterval | undefined {
  let longest: UnavailableInterval | undefined
  for (const interval of intervals)
    if (longest === undefined || lengthOf(interval) > lengthOf(longest)) longest = interval
  return longest
}

function intervalWords(interval: UnavailableInterval, openAtEnd: boolean): string {
  const end = interval.atEnd ? 'the end' : duration(interval.toUs)
  const still = openAtEnd && !interval.atEnd ? '; at the end again' : ''
  return `for ${duration(lengthOf(interval))}, from ${duration(interval.fromUs)} (${interval.error}) to ${end}${still}`
}
