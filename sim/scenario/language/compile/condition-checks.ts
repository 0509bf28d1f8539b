/** What the compilers of conditions share: reading counts, and keeping out what asks for nothing or can never hold. */
import type { Condition, Match } from '../../plan.ts'
import { matchBounds, readMatch } from '../formats.ts'
import type { Report } from '../report.ts'
import { type Located, quoted } from '../source.ts'
import type { Names } from './names.ts'

/** Undefined after a diagnostic. */
export type Compiled = Condition | undefined
/** A field that may hold a number, a range or a comparison. */
type CountField = Located<string | number> | undefined

export abstract class ConditionChecks {
  protected readonly names: Names
  protected readonly report: Report

  constructor(names: Names, report: Report) {
    this.names = names
    this.report = report
  }

  protected holder(
    about: 'controller' | 'zk-leader',
    node: Located,
    is: string | undefined,
    epoch: Match | undefined,
  ): Compiled {
    if (is === undefined) return undefined
    return { about, span: node.span, ...(is === 'any' ? {} : { is }), ...(epoch === undefined ? {} : { epoch }) }
  }

  protected count(node: CountField): Match | undefined {
    if (node === undefined) return undefined
    const match = readMatch(node.value)
    const bounds = matchBounds(match)!
    if (bounds.low > bounds.high)
      this.never(node, match.is === 'range' ? 'the range runs backwards' : 'no number is that small')
    return match
  }

  protected asks(node: Located, fields: readonly unknown[], expected: string): boolean {
    if (fields.some((field) => field !== undefined)) return true
    this.report.error('KS103', node.place, 'the condition asks for nothing', { expected })
    return false
  }

  protected never(node: Located, why: string): void {
    this.report.error(
      'KS402',
      node.place,
      `${quoted(node.name === '' || /^\d+$/.test(node.name) ? node.text : `${node.name}: ${node.text}`)} can never hold: ${why}`,
    )
  }
}
