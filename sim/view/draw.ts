/**
 * Draws a partition's replicas: each log as a row of cells, columns aligned by offset, with LEO and high watermark.
 *
 *     orders-0  ZooKeeper: leader b1 (epoch 0), ISR b1 b2 b3
 *       b1  leader    │ m1 │ m2 │ m3 │  LEO 3
 *                          ▲ HW 1
 *       b2  follower  │ m1 │ m2 │       LEO 2
 *                     ▲ HW 0
 *
 * Long logs are cut to the tail that fits; a message that differs from the leader's at the same offset is marked.
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

interface Columns {
  /** First offset drawn. */
  readonly start: number
  /** Cells of each column from `start`, without bars. */
  readonly widths: readonly number[]
  /** Left of the first column where earlier ones are left out. */
  readonly lead: string
}

export function drawPartition(view: ClusterView, tp: TopicPartition, options: Partial<DrawOptions> = {}): string[] {
  const { width = 100, painter = plainPainter, ascii = false } = options
  const rows = rowsOf(view, tp)
  if (rows.length === 0) return []
  const bar = ascii ? '|' : '│'
  const nameWidth = Math.max(...rows.map((row) => row.name.length))
  const prefixWidth = INDENT.length + nameWidth + ROLE_WIDTH + 2 * GAP.length
  const columns = columnsOf(rows, width - prefixWidth - displayWidth('  LEO 000000'), ascii)
  const cellsWidth = displayWidth(columns.lead) + columns.widths.reduce((sum, column) => sum + column + 3, 1)
  const reference = referenceLog(view, tp, rows)

  const lines = [clip(`    ${tp}  ${heading(view, tp)}`, width)]
  for (const { name, role, replica } of rows) {
    const prefix = `${INDENT}${padTo(name, nameWidth)}${GAP}${padTo(role, ROLE_WIDTH)}${GAP}`
    const cells = drawCells(replica, columns, reference, bar, painter)
    const gap = ' '.repeat(Math.max(0, cellsWidth - cells.width) + 2)
    lines.push(
      `${painter.paint('machine', prefix)}${cells.text}${gap}${painter.paint('quiet', `LEO ${replica.logEndOffset}`)}`,
    )
    lines.push(drawMark(replica, columns, prefixWidth, ascii, painter))
  }
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

/** Widths from the end backwards, as many as fit. */
function columnsOf(rows: readonly Row[], room: number, ascii: boolean): Columns {
  const end = Math.max(0, ...rows.map((row) => row.replica.logEndOffset))
  const first = Math.min(end, ...rows.map((row) => row.replica.logStartOffset))
  const widths: number[] = []
  let used = 1
  let start = end
  while (start > first) {
    const column = Math.max(1, ...rows.map((row) => displayWidth(nameAt(row.replica, start - 1) ?? '')))
    const lead = start - 1 > first ? displayWidth(leadOf(start - 1, ascii)) : 0
    if (used + column + 3 + lead > room && widths.length > 0) break
    used += column + 3
    widths.unshift(column)
    start -= 1
  }
  return { start, widths, lead: start > first ? leadOf(start, ascii) : '' }
}

const leadOf = (skipped: number, ascii: boolean): string => `${ascii ? '..' : '…'} ${skipped} before `

function drawCells(
  replica: ReplicaView,
  columns: Columns,
  reference: ReplicaView | undefined,
  bar: string,
  painter: Painter,
): { readonly text: string; readonly width: number } {
  let text = columns.lead === '' ? '' : painter.paint('quiet', columns.lead)
  let width = displayWidth(columns.lead)
  const holdsAny = replica.logEndOffset > replica.logStartOffset
  if (!holdsAny && columns.widths.length === 0) return { text: `${text}(empty)`, width: width + 7 }
  text += bar
  width += 1
  columns.widths.forEach((column, index) => {
    const offset = columns.start + index
    const name = nameAt(replica, offset)
    if (name === undefined) return
    text += ` ${painter.paint(toneOf(replica, offset, reference), padTo(name, column))} ${bar}`
    width += column + 3
  })
  return { text, width }
}

function toneOf(replica: ReplicaView, offset: number, reference: ReplicaView | undefined): Tone {
  const mine = replica.log.get(offset)
  const theirs = reference?.log.get(offset)
  if (mine !== undefined && theirs !== undefined && mine.value !== theirs.value) return 'bad'
  return offset < replica.highWatermark ? 'committed' : 'uncommitted'
}

/** The mark stands under the bar that closes the last message below the high watermark. */
function drawMark(
  replica: ReplicaView,
  columns: Columns,
  prefixWidth: number,
  ascii: boolean,
  painter: Painter,
): string {
  let at = prefixWidth + displayWidth(columns.lead)
  for (let index = 0; index < columns.widths.length && columns.start + index < replica.highWatermark; index++) {
    at += columns.widths[index]! + 3
  }
  const before = replica.highWatermark < columns.start
  const mark = before ? (ascii ? '<' : '◄') : ascii ? '^' : '▲'
  return `${' '.repeat(at)}${painter.paint('mark', `${mark} HW ${replica.highWatermark}`)}`
}
