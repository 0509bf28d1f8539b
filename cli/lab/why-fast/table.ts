/** The figures as a table for a terminal. */
import { type Painter, wrap } from '../../../sim/view/index.ts'
import type { Experiment } from './experiment.ts'
import { amount, times } from './words.ts'

const INDENT = '    '
const GAP = 2

export function tableLines(
  experiments: readonly Experiment[],
  options: { readonly painter: Painter; readonly width: number },
): string[] {
  return experiments.flatMap((experiment) => [...experimentLines(experiment, options), ''])
}

function experimentLines(
  { title, shows, without, with: kafka, figures, note }: Experiment,
  { painter, width }: { readonly painter: Painter; readonly width: number },
): string[] {
  const rows = figures.map((figure) => [
    amount(figure.without, figure.unit),
    amount(figure.with, figure.unit),
    times(figure),
    figure.how,
  ])
  const headings = [without, kafka, 'saves', '']
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)))
  const cells = (row: readonly string[]): string =>
    row
      .map(
        (text, column) =>
          ' '.repeat(GAP) + (column === 3 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)),
      )
      .join('')
  const label = Math.max(20, width - INDENT.length - widths.reduce((sum, one) => sum + one + GAP, 0))
  const lines = [
    painter.paint('caption', `  ${title} (${shows.join(', ')})`),
    painter.paint('quiet', INDENT + ' '.repeat(label) + cells(headings).trimEnd()),
  ]
  figures.forEach((figure, index) => {
    const [first, ...rest] = wrap(figure.what, label)
    const values = painter.paint(figure.how === 'measured' ? 'good' : 'uncommitted', cells(rows[index]!).trimEnd())
    lines.push(INDENT + first!.padEnd(label) + values, ...rest.map((text) => INDENT + text))
  })
  return [...lines, ...wrap(note, width - INDENT.length).map((text) => painter.paint('quiet', INDENT + text))]
}
