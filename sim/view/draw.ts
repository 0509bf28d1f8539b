/**
 * Draws a partition's replicas: each log as a row of cells, columns aligned by offset, with LEO and high watermark.
 *
 *     orders-0  ZooKeeper: leader b1 (epoch 0), ISR b1 b2 b3
 *       b1  leader    │ m1 │ m2 │ m3 │  LEO 3
 *                          ▲ HW 1
 *       b2  follower  │ m1 │ m2 │       LEO 2
 *                     ▲ HW 0
 *
 * Of long logs the tail is shown; where a running replica ends before it, the place where that one ends. A message that
 * differs from the leader's at the same offset is marked.
 */
import type { TopicPartition } from '../../src/protocol/index.ts'
import { actingLeader, type ClusterView, isUp, type ReplicaView, replicaOf } from './cluster-view.ts'
import { brokerName, brokerNames, leaderName, messageName } from './names.ts'
import { clip, displayWidth, type Painter, padTo, plainPainter, type Tone } from './painter.ts'

export interface DrawOptions {
  /** Terminal cells of a line. */
  readonly width: number
  readonly painter: Painter
  /** Bars and marks of plain ASCII. */
  readonly ascii: boolean
}

const NAME_WIDTH = 12
const INDENT = '      '
const ROLE_WIDTH = 'follower'.length
const GAP = '  '

interface Row {
  readonly name: string
  readonly role: string
  readonly replica: ReplicaView
}

/** The offsets drawn: start <= offset < start + widths.length. */
interface Columns {
  readonly start: number
  /** Terminal cells of each, without bars. */
  readonly widths: readonly number[]
  /** Left of the first column where earlier ones are left out. */
  readonly lead: string
}

export function drawPartition(view: ClusterView, tp: TopicPartition, options: Partial<DrawOptions> = {}): string[] {
  const { width = 100, painter = plainPainter, ascii = false } = options
  const rows = rowsOf(view, tp)
  if (rows.length === 0) return []
  const nameWidth = Math.max(...rows.map((row) => row.name.length))
  const prefixWidth = INDENT.length + nameWidth + ROLE_WIDTH + 2 * GAP.length
  const columns = columnsOf(rows, width - prefixWidth - displayWidth('  LEO 000000'), ascii)
  const cells = rows.map(({ replica }) => cellsOf(replica, columns, ascii))
  const cellsWidth = Math.max(...cells.map(widthOf))
  const reference = referenceLog(view, tp, rows)

  const lines = [clip(`    ${tp}  ${heading(view, tp)}`, width)]
  rows.forEach(({ name, role, replica }, index) => {
    const own = cells[index]!
    const prefix = `${INDENT}${padTo(name, nameWidth)}${GAP}${padTo(role, ROLE_WIDTH)}${GAP}`
    const gap = ' '.repeat(cellsWidth - widthOf(own) + 2)
    const text = own.map((cell) => paintCell(cell, replica, reference, painter)).join('')
    const leo = painter.paint('quiet', `LEO ${replica.logEndOffset}`)
    lines.push(`${painter.paint('machine', prefix)}${text}${gap}${leo}`)
    lines.push(drawMark(replica, columns, prefixWidth, ascii, painter))
  })
  return lines
}

function rowsOf(view: ClusterView, tp: TopicPartition): Row[] {
  const names = (view.partitions[tp]?.replicas ?? []).map(brokerName)
  for (const name of Object.keys(view.brokers)) {
    if (!names.includes(name) && view.brokers[name]!.replicas[tp] !== undefined) names.push(name)
  }
  const rows: Row[] = []
  for (const name of names) {
    const replica = replicaOf(view, name, tp)
    if (replica === undefined) continue
    const state = view.machines[name]?.state
    const role = !isUp(view, name) ? (state === 'off' ? 'off' : 'down') : state === 'paused' ? 'paused' : replica.role
    rows.push({ name, role: role === 'none' ? 'waiting' : role, replica })
  }
  return rows
}

function heading(view: ClusterView, tp: TopicPartition): string {
  const partition = view.partitions[tp]
  if (partition === undefined) return 'not in ZooKeeper'
  if (partition.leaderEpoch < 0) return 'ZooKeeper: no state yet'
  const leader = partition.leader < 0 ? 'no leader' : `leader ${leaderName(partition.leader)}`
  return `ZooKeeper: ${leader} (epoch ${partition.leaderEpoch}), ISR ${brokerNames(partition.isr)}`
}

/** The log that the others are compared with: the acting leader's, else that of ZooKeeper's last leader. */
function referenceLog(view: ClusterView, tp: TopicPartition, rows: readonly Row[]): ReplicaView | undefined {
  const last = view.partitions[tp]?.lastLeader ?? -1
  const name = actingLeader(view, tp) ?? (last < 0 ? undefined : brokerName(last))
  return rows.find((row) => row.name === name)?.replica
}

const nameAt = (replica: ReplicaView, offset: number): string | undefined => {
  const message = replica.log.get(offset)
  if (message !== undefined) return clip(messageName(message.value, message.key), NAME_WIDTH)
  return offset >= replica.logStartOffset && offset < replica.logEndOffset ? '·' : undefined
}

function columnsOf(rows: readonly Row[], room: number, ascii: boolean): Columns {
  const end = Math.max(0, ...rows.map((row) => row.replica.logEndOffset))
  const first = Math.min(end, ...rows.map((row) => row.replica.logStartOffset))
  const up = rows.filter((row) => row.role !== 'down' && row.role !== 'off')
  const shortest = Math.min(end, ...up.map((row) => row.replica.logEndOffset))
  const widthAt = (offset: number): number =>
    Math.max(1, ...rows.map((row) => displayWidth(nameAt(row.replica, offset) ?? '')))

  const tail: number[] = []
  let used = 1
  let start = end
  while (start > first) {
    const column = widthAt(start - 1)
    const lead = displayWidth(leadOf(start - 1, first, ascii))
    if (used + column + 3 + lead > room && tail.length > 0) break
    used += column + 3
    tail.unshift(column)
    start -= 1
  }
  if (start < shortest || start === first) return { start, widths: tail, lead: leadOf(start, first, ascii) }

  // The place where the shortest log ends, with the two messages before it.
  start = Math.max(first, shortest - 2)
  const lead = leadOf(start, first, ascii)
  const widths: number[] = []
  used = 1 + displayWidth(lead) + displayWidth(moreOf(end, ascii))
  for (let offset = start; offset < end; offset++) {
    const column = widthAt(offset)
    if (used + column + 3 > room && widths.length > 0) break
    used += column + 3
    widths.push(column)
  }
  return { start, widths, lead }
}

const dots = (ascii: boolean): string => (ascii ? '..' : '…')

/** What stands left of the first column: how much is left out, and where the logs begin, if that is not at 0. */
function leadOf(start: number, first: number, ascii: boolean): string {
  if (start === first) return first === 0 ? '' : `from ${first} `
  return first === 0 ? `${dots(ascii)} ${start} before ` : `from ${first} ${dots(ascii)} ${start - first} before `
}
const moreOf = (count: number, ascii: boolean): string => ` ${dots(ascii)} ${count} more`

/** A piece of a row: a message at an offset, or what stands around them. */
interface Cell {
  readonly text: string
  readonly tone: Tone
  readonly offset?: number
}

const widthOf = (cells: readonly Cell[]): number => cells.reduce((sum, cell) => sum + displayWidth(cell.text), 0)

function cellsOf(replica: ReplicaView, columns: Columns, ascii: boolean): Cell[] {
  const bar = ascii ? '|' : '│'
  const cells: Cell[] = columns.lead === '' ? [] : [{ text: columns.lead, tone: 'quiet' }]
  if (columns.widths.length === 0) return [...cells, { text: '(empty)', tone: 'quiet' }]
  cells.push({ text: bar, tone: 'plain' })
  columns.widths.forEach((column, index) => {
    const offset = columns.start + index
    const name = nameAt(replica, offset)
    if (name === undefined) return
    cells.push(
      { text: ' ', tone: 'plain' },
      { text: padTo(name, column), tone: 'plain', offset },
      { text: ` ${bar}`, tone: 'plain' },
    )
  })
  const more = replica.logEndOffset - (columns.start + columns.widths.length)
  if (more > 0) cells.push({ text: moreOf(more, ascii), tone: 'quiet' })
  return cells
}

function paintCell(cell: Cell, replica: ReplicaView, reference: ReplicaView | undefined, painter: Painter): string {
  if (cell.offset !== undefined) return painter.paint(toneOf(replica, cell.offset, reference), cell.text)
  return cell.tone === 'plain' ? cell.text : painter.paint(cell.tone, cell.text)
}

function toneOf(replica: ReplicaView, offset: number, reference: ReplicaView | undefined): Tone {
  const mine = replica.log.get(offset)
  const theirs = reference?.log.get(offset)
  if (mine !== undefined && theirs !== undefined && mine.value !== theirs.value) return 'bad'
  return offset < replica.highWatermark ? 'committed' : 'uncommitted'
}

/** The mark stands under the bar that closes the last message below the high watermark, or points to where it is. */
function drawMark(
  replica: ReplicaView,
  columns: Columns,
  prefixWidth: number,
  ascii: boolean,
  painter: Painter,
): string {
  const { highWatermark } = replica
  const end = columns.start + columns.widths.length
  let at = prefixWidth + displayWidth(columns.lead)
  for (let offset = columns.start; offset < Math.min(end, highWatermark); offset++) {
    at += columns.widths[offset - columns.start]! + 3
  }
  const [before, here, after] = ascii ? ['<', '^', '>'] : ['◄', '▲', '►']
  const isAfter = highWatermark > end && columns.widths.length > 0
  const mark = highWatermark < columns.start ? before : isAfter ? after : here
  return `${' '.repeat(at)}${painter.paint('mark', `${mark} HW ${highWatermark}`)}`
}
