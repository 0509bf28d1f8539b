/** `sometimes` and `never`: conditions that are looked at after every record of the trace. */
import type { Condition } from '../plan.ts'
import { conditionWords } from './condition-words.ts'
import type { Observer } from './observer.ts'
import type { ExpectationResult } from './result.ts'
import { duration } from './words.ts'

interface Watched {
  readonly condition: Condition
  readonly wanted: boolean
  /** When it was first true. */
  sinceUs: number | undefined
  found: string
}

export class Watch {
  private readonly watched: Watched[] = []
  /** Those that were not true yet. */
  private open: Watched[]
  private readonly observer: Observer

  constructor(sometimes: readonly Condition[], never: readonly Condition[], observer: Observer) {
    this.observer = observer
    for (const condition of sometimes) this.watched.push({ condition, wanted: true, sinceUs: undefined, found: '' })
    for (const condition of never) this.watched.push({ condition, wanted: false, sinceUs: undefined, found: '' })
    this.open = [...this.watched]
  }

  observe(nowUs: number): void {
    if (this.open.length === 0) return
    let came = false
    for (const watched of this.open) {
      if (!this.observer.holds(watched.condition)) continue
      watched.sinceUs = nowUs
      watched.found = this.observer.found(watched.condition)
      came = true
    }
    if (came) this.open = this.open.filter((watched) => watched.sinceUs === undefined)
  }

  results(): ExpectationResult[] {
    return this.watched.map(({ condition, wanted, sinceUs, found }) => ({
      what: conditionWords(condition),
      held: wanted === (sinceUs !== undefined),
      expected: wanted ? 'at some time' : 'never',
      found:
        sinceUs === undefined
          ? `never; at the end ${this.observer.found(condition)}`
          : `at ${duration(sinceUs)}: ${found}`,
      span: condition.span,
    }))
  }
}
