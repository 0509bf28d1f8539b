/** Judges `order`: the messages of a log against a pattern in which null stands for whatever lies between. */
import type { OrderExpectation } from '../plan.ts'
import type { ExpectationResult } from './result.ts'

/** @param log names of the committed messages, by offset, in the log of the partition's last leader */
export function judgeOrder(expectation: OrderExpectation, log: readonly string[]): ExpectationResult {
  const { pattern, span } = expectation
  const held = matchesOrder(pattern, log)
  const tp = `${expectation.topic}-${expectation.partition}`
  return {
    what: `order of ${tp}`,
    held,
    expected: words(pattern),
    found: words(log),
    ...(held ? {} : { because: difference(pattern, log) }),
    span,
  }
}

const words = (names: ReadonlyArray<string | null>): string =>
  names.length === 0 ? 'nothing' : names.map((name) => name ?? '…').join(' ')

/** Whether the log is what the pattern says, end to end. */
export function matchesOrder(pattern: ReadonlyArray<string | null>, log: readonly string[]): boolean {
  // Greedy matching of a glob: only the last `…` ever needs to be taken back.
  let at = 0
  let in_ = 0
  let backTo = -1
  let backFrom = 0
  while (in_ < log.length) {
    const wanted = pattern[at]
    if (at < pattern.length && wanted === null) {
      backTo = at++
      backFrom = in_
    } else if (at < pattern.length && wanted === log[in_]) {
      at++
      in_++
    } else if (backTo >= 0) {
      at = backTo + 1
      in_ = ++backFrom
    } else {
      return false
    }
  }
  while (at < pattern.length && pattern[at] === null) at++
  return at === pattern.length
}

/** The first place where they part, in a sentence. */
function difference(pattern: ReadonlyArray<string | null>, log: readonly string[]): string {
  for (const name of pattern) if (name !== null && !log.includes(name)) return `${name} is not in the log.`
  let at = 0
  while (at < pattern.length && pattern[at] !== null && pattern[at] === log[at]) at++
  if (at === pattern.length) return `The log goes on after offset ${at - 1} with ${log[at]}.`
  if (pattern[at] !== null) return `At offset ${at} stands ${log[at] ?? 'nothing'}, not ${pattern[at]}.`
  return 'What follows the … does not come in this order.'
}
