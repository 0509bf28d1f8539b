/** The backlog of a group as a plot for a terminal: time from left to right, messages upwards. */
import type { Micros } from '../../../src/host/index.ts'
import { formatDuration, formatSeconds } from '../names.ts'
import { type Painter, plainPainter } from '../painter.ts'
import type { Backlog, BacklogPoint } from './backlog.ts'

export interface PlotOptions {
  /** Terminal cells of a line. */
  readonly width: number
  /** When the run ended: the plot goes no further. */
  readonly endUs: Micros
  readonly painter?: Painter
  readonly ascii?: boolean
}

const ROWS = 8
/** A peak that is no heap of messages yet is told, not drawn. */
const LEAST_DRAWN = 8
/** Eighths of a cell. */
const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

export function drawBacklog(backlog: Backlog, { width, endUs, painter = plainPainter, ascii }: PlotOptions): string[] {
  const title = `  Backlog of group ${backlog.group}: messages committed and not yet processed`
  const lines = [painter.paint('caption', title)]
  const words = painter.paint('quiet', `    ${backlogWords(backlog)}`)
  const [first] = backlog.points
  if (first === undefined || backlog.peak < LEAST_DRAWN) return [...lines, words]
  const label = String(backlog.peak).length + 4
  const columns = Math.max(20, width - label - 6)
  const fromUs = Math.max(0, first.atUs - (endUs - first.atUs) / 40)
  const heights = sample(backlog.points, fromUs, endUs, columns).map((messages) =>
    Math.max(messages > 0 ? 1 : 0, Math.round((messages / backlog.peak) * ROWS * 8)),
  )
  for (let row = ROWS - 1; row >= 0; row -= 1) {
    const ticks: Readonly<Record<number, string>> = { [ROWS - 1]: String(backlog.peak), 0: '0' }
    const tick = ticks[row] ?? ''
    const bar = heights.map((height) => cell(height - row * 8, ascii === true)).join('')
    const axis = tick === '' ? (ascii === true ? '|' : '│') : ascii === true ? '+' : '┤'
    lines.push(`${tick.padStart(label)} ${axis}${painter.paint('committed', bar.trimEnd())}`)
  }
  lines.push(`${' '.repeat(label + 2)}${timeAxis(fromUs, endUs, columns)}`)
  lines.push(words)
  return lines
}

/** `at most 90 messages, at 3.2 s; nothing left 4.8 s later` */
export function backlogWords({ peak, peakAtUs, drainedUs, left }: Backlog): string {
  if (peak === 0) return 'never any'
  const most = `at most ${peak} ${peak === 1 ? 'message' : 'messages'}, until ${formatSeconds(peakAtUs)}`
  if (drainedUs !== undefined) {
    const since = left === 0 ? '' : `; ${left} at the end`
    return `${most}; nothing left ${formatDuration(drainedUs)} later${since}`
  }
  return `${most}; ${left} left at the end`
}

function cell(eighths: number, ascii: boolean): string {
  if (ascii) return eighths >= 4 ? '#' : eighths > 0 ? '.' : ' '
  return EIGHTHS[Math.max(0, Math.min(8, eighths))]!
}

/** The mean backlog within each column's share of the time. */
function sample(points: readonly BacklogPoint[], fromUs: Micros, endUs: Micros, columns: number): number[] {
  const heights = new Array<number>(columns).fill(0)
  let next = 0
  let messages = 0
  for (let column = 0; column < columns; column += 1) {
    const beginsUs = fromUs + ((endUs - fromUs) * column) / columns
    const untilUs = fromUs + ((endUs - fromUs) * (column + 1)) / columns
    let sinceUs = beginsUs
    let sum = 0
    while (next < points.length && points[next]!.atUs <= untilUs) {
      const { atUs, messages: then } = points[next]!
      sum += messages * (atUs - sinceUs)
      sinceUs = atUs
      messages = then
      next += 1
    }
    heights[column] = (sum + messages * (untilUs - sinceUs)) / (untilUs - beginsUs)
  }
  return heights
}

function timeAxis(fromUs: Micros, endUs: Micros, columns: number): string {
  const marks = [fromUs, fromUs + (endUs - fromUs) / 2, endUs].map((us) => formatTenths(us))
  const gap = Math.max(2, Math.floor((columns - marks.join('').length) / 2))
  return marks.join(' '.repeat(gap))
}

const formatTenths = (us: Micros): string => `${(Math.round(us / 100_000) / 10).toFixed(1)} s`
