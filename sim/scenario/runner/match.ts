/** How a scenario asks for a value, in words. */
import { unreachable } from '../../../src/host/index.ts'
import type { Match } from '../plan.ts'

/** `2`, `2 to 5`, `more than 3`; `words` turns a value into text with its unit. */
export function matchWords(match: Match, words: (value: string | number | boolean) => string = String): string {
  switch (match.is) {
    case 'equal':
      return words(match.value)
    case 'range':
      return `${words(match.low)} to ${words(match.high)}`
    case 'compare':
      return `${comparison[match.operator]} ${words(match.value)}`
    default:
      return unreachable(match)
  }
}

const comparison = {
  '<': 'less than',
  '<=': 'at most',
  '>': 'more than',
  '>=': 'at least',
  '!=': 'other than',
} as const
