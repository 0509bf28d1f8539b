/** Figures of a run that a scenario asks to be told: of producers a table, of groups their backlogs as plots. */
import type { Detail } from '../../scenario/plan.ts'
import type { Ledger } from '../ledger.ts'
import { formatMs } from '../names.ts'
import { type Painter, padTo } from '../painter.ts'
import { type Backlog, backlogOf } from './backlog.ts'
import { drawBacklog } from './draw-backlog.ts'
import { type ProducerFigures, producerFigures, producersOf } from './producer-figures.ts'

export interface Figures {
  readonly producers: readonly ProducerFigures[]
  readonly backlogs: readonly Backlog[]
}

/** What of it is told; undefined if the scenario asks for none. */
export function figuresOf(ledger: Ledger, details: readonly Detail[]): Figures | undefined {
  const producers = details.includes('producers')
  const backlogs = details.includes('backlogs')
  if (!producers && !backlogs) return undefined
  return {
    producers: producers ? producersOf(ledger).map((name) => producerFigures(ledger, name)) : [],
    backlogs: backlogs ? [...ledger.applications.groups.keys()].sort().map((group) => backlogOf(ledger, group)) : [],
  }
}

export function figureLines(
  { producers, backlogs }: Figures,
  options: { readonly painter: Painter; readonly width: number; readonly endUs: number },
): string[] {
  const lines = producers.length === 0 ? [] : producerTable(producers, options.painter)
  for (const backlog of backlogs) {
    if (lines.length > 0) lines.push('')
    lines.push(...drawBacklog(backlog, options))
  }
  return lines
}

const HEADINGS = ['Producer', 'handed', 'acknowledged', '', 'within 1 s', 'of these lost', 'median', '99 %', 'longest']

function producerTable(figures: readonly ProducerFigures[], painter: Painter): string[] {
  const rows = figures.map(({ producer, handed, acked, share, inTime, lost, latency }) => [
    producer,
    String(handed),
    String(acked),
    `${share} %`,
    `${inTime} %`,
    String(lost),
    ...[latency?.medianUs, latency?.p99Us, latency?.longestUs].map((us) => (us === undefined ? '–' : wait(us))),
  ])
  const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((text, column) => (column === 0 ? padTo(text, widths[column]!) : text.padStart(widths[column]!))).join('  ')}`
  return [
    painter.paint('caption', line(HEADINGS)),
    ...rows.map((row, index) => painter.paint(figures[index]!.lost > 0 ? 'bad' : 'plain', line(row))),
  ]
}

/** `5.1 ms`, `1204 ms`: from handing over to the acknowledgement. */
const wait = (us: number): string =>
  `${formatMs(us < 100_000 ? Math.round(us / 100) * 100 : Math.round(us / 1000) * 1000)} ms`
