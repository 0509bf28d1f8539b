/** The figures as a chart: a bar each, as long as the logarithm of how many times cheaper it gets. SVG, self-contained. */
import { type Experiment, type Figure, ratioOf } from './experiment.ts'
import { times } from './words.ts'

const WIDTH = 960
const LABEL = 470
const RIGHT = 80
const ROW = 24
const HEAD = 34
const TOP = 64
/** Longest bar: this many times. What is spared altogether is drawn as long. */
const LONGEST = 10_000
const TICKS = [1, 10, 100, 1000, LONGEST]
const COLOURS = { measured: '#1b7f5c', modelled: '#b7791f' } as const

export function chartOf(experiments: readonly Experiment[]): string {
  const parts: string[] = []
  let y = TOP
  for (const { title, shows, figures } of experiments) {
    y += HEAD
    parts.push(text(16, y - 10, `${title} (${shows.join(', ')})`, 'font-weight="600"'))
    for (const figure of figures) {
      parts.push(bar(figure, y))
      y += ROW
    }
  }
  const height = y + 40
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="13">`,
    '<title id="title">Why Kafka is fast: how many times cheaper each of its ways is</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(16, 26, 'Why Kafka is fast: how many times cheaper', 'font-size="17" font-weight="600"'),
    ...legend(),
    ...TICKS.map((tick) => grid(tick, height)),
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

/** At the bar's end the figure, in words. */
function bar(figure: Figure, y: number): string {
  const end = positionOf(ratioOf(figure))
  const colour = COLOURS[figure.how]
  return [
    text(LABEL - 10, y + 15, clipped(figure.what), 'text-anchor="end" fill="#333333"'),
    `<rect x="${LABEL}" y="${y + 3}" width="${Math.max(1, end - LABEL)}" height="${ROW - 8}" rx="2" fill="${colour}"><title>${escaped(`${figure.what}: ${times(figure)} (${figure.how})`)}</title></rect>`,
    text(end + 6, y + 15, times(figure), 'fill="#333333"'),
  ].join('\n')
}

function legend(): string[] {
  return (['measured', 'modelled'] as const).flatMap((how, index) => {
    const x = 16 + index * 210
    const what = how === 'measured' ? 'measured on this machine' : 'modelled (cost model)'
    return [`<rect x="${x}" y="42" width="12" height="12" rx="2" fill="${COLOURS[how]}"/>`, text(x + 18, 53, what)]
  })
}

const grid = (tick: number, height: number): string =>
  [
    `<line x1="${positionOf(tick)}" x2="${positionOf(tick)}" y1="${TOP}" y2="${height - 28}" stroke="#e2e2e2"/>`,
    text(positionOf(tick), height - 12, `${tick} ×`, 'text-anchor="middle" fill="#666666"'),
  ].join('\n')

function positionOf(ratio: number): number {
  const share = Math.log10(Math.min(LONGEST, Math.max(1, ratio))) / Math.log10(LONGEST)
  return Math.round((LABEL + share * (WIDTH - LABEL - RIGHT)) * 10) / 10
}

const text = (x: number, y: number, content: string, attributes = ''): string =>
  `<text x="${x}" y="${y}"${attributes === '' ? '' : ` ${attributes}`}>${escaped(content)}</text>`

/** What fits beside the bars. */
const clipped = (what: string): string => (what.length <= 66 ? what : `${what.slice(0, 65)}…`)

export const escaped = (content: string): string =>
  content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
