/** A scenario over many seeds, summed up: how often it held, the first seed that did not, and how outcomes differ. */
import type { RunResult } from '../../sim/scenario/runner/index.ts'
import type { Painter } from '../../sim/view/index.ts'

const MOST_OUTCOMES = 5
/** Above so many messages, outcomes are told apart by totals. */
const FEW_MESSAGES = 20

export class Sweep {
  readonly scenario: string
  private runs = 0
  private held = 0
  private firstFailed: RunResult | undefined
  private readonly outcomes = new Map<string, number>()
  private wallMs = 0
  private virtualMs = 0

  constructor(scenario: string) {
    this.scenario = scenario
  }

  add(result: RunResult): void {
    this.runs++
    if (result.held) this.held++
    else this.firstFailed ??= result
    const outcome = outcomeOf(result)
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
    this.wallMs += result.wallMs
    this.virtualMs += result.virtualMs
  }

  text(painter: Painter, replay: (seed: number) => string): string {
    const failed = this.runs - this.held
    const mark = failed === 0 ? painter.paint('good', '✔') : painter.paint('bad', '✘')
    const speed = this.wallMs > 0 ? `, ${Math.round(this.virtualMs / this.wallMs)}x real time` : ''
    const lines = [
      `${mark} ${this.scenario}: ${this.held} of ${this.runs} seeds held${speed}, ${outcomesWords(this.outcomes.size)}`,
    ]
    if (this.firstFailed !== undefined) {
      const expectation = this.firstFailed.expectations.find((one) => !one.held)
      lines.push(`  first failing seed ${this.firstFailed.seed}: ${replay(this.firstFailed.seed)}`)
      if (expectation !== undefined) {
        lines.push(`    ${expectation.what}: expected ${expectation.expected}, found ${expectation.found}`)
      }
    }
    if (this.outcomes.size > 1) {
      const sorted = [...this.outcomes].sort((a, b) => b[1] - a[1])
      for (const [outcome, count] of sorted.slice(0, MOST_OUTCOMES))
        lines.push(painter.paint('quiet', `  ${String(count).padStart(5)} × ${outcome}`))
      if (sorted.length > MOST_OUTCOMES)
        lines.push(painter.paint('quiet', `        … ${sorted.length - MOST_OUTCOMES} more`))
    }
    return lines.join('\n')
  }
}

const outcomesWords = (count: number): string => (count === 1 ? 'one outcome' : `${count} distinct outcomes`)

/** What a run came to, without its times: runs with the same text are the same story. */
function outcomeOf(result: RunResult): string {
  if (result.failure !== undefined)
    return `${result.failure.kind === 'bug' ? 'simulator bug' : 'stuck'}: ${result.expectations[0]?.what ?? ''}`
  const broken = result.promises.broken.map((promise) => promise.name)
  const promises = broken.length === 0 ? '' : `; broken: ${broken.join(' ')}`
  if (result.messages.length > FEW_MESSAGES) {
    const count = (of: (message: RunResult['messages'][number]) => boolean): number => result.messages.filter(of).length
    return `lost ${count((m) => m.lost > 0) > 0 ? 'some' : 'none'}, doubled ${count((m) => m.copies > 1) > 0 ? 'some' : 'none'}${promises}`
  }
  const words = result.messages.map((message) => {
    const state = message.acked ? 'acked' : message.gaveUp ? 'given up' : 'unacked'
    const copies = message.copies === 1 ? '' : ` ${message.copies} copies`
    const lost = message.lost === 0 ? '' : ` ${message.lost} lost`
    return `${message.message} ${state}${copies}${lost}`
  })
  return words.join(', ') + promises
}
