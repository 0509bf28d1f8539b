/** Judges `producers`, `backlogs` and `readers`: figures of the whole run. */
import { backlogOf, backlogWords, type Ledger, matches, producerFigures, readingOrder } from '../../view/index.ts'
import type {
  BacklogExpectation,
  FigureExpectations,
  Match,
  ProducerExpectation,
  ReaderExpectation,
  SourceSpan,
} from '../plan.ts'
import { matchWords } from './match.ts'
import type { ExpectationResult } from './result.ts'
import { duration } from './words.ts'

interface Expectation {
  readonly span: SourceSpan
  readonly spans: Readonly<Record<string, SourceSpan>>
}

/** One result for each field that is asked; a figure that there is none of (undefined) fits nothing. */
class Judgement {
  readonly results: ExpectationResult[] = []
  private readonly what: string
  private readonly expectation: Expectation

  constructor(what: string, expectation: Expectation) {
    this.what = what
    this.expectation = expectation
  }

  number(field: string, wanted: Match | undefined, found: number | undefined, unit = ''): this {
    return this.add(field, wanted, found, (value) => `${value}${unit}`)
  }

  time(field: string, wanted: Match | undefined, foundUs: number | undefined, instead = 'none'): this {
    return this.add(field, wanted, foundUs, (us) => duration(Number(us)), instead)
  }

  private add(
    field: string,
    wanted: Match | undefined,
    found: number | undefined,
    words: (value: string | number | boolean) => string,
    instead = 'none',
  ): this {
    if (wanted === undefined) return this
    this.results.push({
      what: `${this.what}: ${field}`,
      held: matches(wanted, found),
      expected: matchWords(wanted, words),
      found: found === undefined ? instead : words(found),
      span: this.expectation.spans[field] ?? this.expectation.span,
    })
    return this
  }
}

export const judgeFigures = (
  { producers, backlogs, readers }: FigureExpectations,
  ledger: Ledger,
): ExpectationResult[] => [
  ...producers.flatMap((expectation) => judgeProducer(expectation, ledger)),
  ...backlogs.flatMap((expectation) => judgeBacklog(expectation, ledger)),
  ...readers.flatMap((expectation) => judgeReader(expectation, ledger)),
]

function judgeProducer(expectation: ProducerExpectation, ledger: Ledger): ExpectationResult[] {
  const { share, inTime, lost, latency } = producerFigures(ledger, expectation.producer)
  const instead = 'nothing was acknowledged'
  return new Judgement(`producer ${expectation.producer}`, expectation)
    .number('share', expectation.share, share, ' %')
    .number('inTime', expectation.inTime, inTime, ' %')
    .number('lost', expectation.lost, lost)
    .time('median', expectation.median, latency?.medianUs, instead)
    .time('p99', expectation.p99, latency?.p99Us, instead)
    .time('longest', expectation.longest, latency?.longestUs, instead).results
}

function judgeBacklog(expectation: BacklogExpectation, ledger: Ledger): ExpectationResult[] {
  const backlog = backlogOf(ledger, expectation.group)
  return new Judgement(`backlog of ${expectation.group}`, expectation)
    .number('peak', expectation.peak, backlog.peak)
    .time('drained', expectation.drained, backlog.drainedUs, backlogWords(backlog))
    .number('left', expectation.left, backlog.left).results
}

function judgeReader(expectation: ReaderExpectation, ledger: Ledger): ExpectationResult[] {
  const { overtaken, overtakenElsewhere } = readingOrder(ledger, expectation.reader)
  return new Judgement(`reader ${expectation.reader}`, expectation)
    .number('overtaken', expectation.overtaken, overtaken)
    .number('overtakenElsewhere', expectation.overtakenElsewhere, overtakenElsewhere).results
}
