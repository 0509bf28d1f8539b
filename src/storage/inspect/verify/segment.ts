/**
 * One pass over a segment's `.log`, with its indexes followed alongside. Behind damage the walk goes on where the offset
 * index says that an entry begins, so that one bad size does not hide the rest.
 */
import type { FileHandle, FileSystem } from '../../../host/index.ts'
import { join } from '../../file-names.ts'
import { firstOffsetOf, OPENED_BYTES_MAX } from '../each-record.ts'
import { describeWalkEnd, type EntryWalk, type WalkEnd, walkFile } from '../entry-walk.ts'
import { IndexFile, type IndexKind } from '../index-file.ts'
import type { SegmentFiles } from '../log-directory.ts'
import { segmentFileName } from '../log-files.ts'
import type { EntryFacts, SegmentCheck } from './entry-facts.ts'
import type { EpochCheck } from './epoch-check.ts'
import type { Findings } from './findings.ts'
import { OffsetIndexCheck } from './offset-index-check.ts'
import type { OffsetOrder } from './offset-order.ts'
import { checkRecords } from './record-check.ts'
import { type BrokerSettings, SettingsCheck } from './settings-check.ts'
import type { SnapshotCheck } from './snapshot-check.ts'
import { TimeIndexCheck } from './time-index-check.ts'
import { type OpenTransactions, TransactionCheck } from './transaction-check.ts'

export interface VerifyOptions {
  /** Also opens every batch and looks at each record. */
  readonly deep: boolean
  /** Holes in the offsets are right. */
  readonly compacted: boolean
  readonly entryBytesMax?: number
  readonly openedBytesMax?: number
  /** Of the broker whose log it is, where they are known. */
  readonly settings?: BrokerSettings
  /** Called as files are read, with the bytes since the last call. */
  progress?(bytes: number): void
}

/** What goes on from segment to segment. */
export interface PartitionState {
  readonly order: OffsetOrder
  readonly epochs: EpochCheck
  readonly snapshots: SnapshotCheck
  /** Undefined where a file is looked at alone: its transaction index is not. */
  readonly transactions: OpenTransactions | undefined
}

export interface SegmentSummary {
  readonly entries: number
  readonly bytes: number
  /** Nothing was left out. */
  readonly whole: boolean
}

const PROGRESS_BYTES = 1_048_576
/** Index entries that are tried behind damage. */
const RESUME_TRIES = 10_000

export function verifySegment(
  files: FileSystem,
  directory: string,
  segment: SegmentFiles,
  state: PartitionState,
  options: VerifyOptions,
  findings: Findings,
): SegmentSummary {
  const opened: FileHandle[] = []
  const open = (name: string): FileHandle => {
    const handle = files.open(join(directory, name), { create: false })
    opened.push(handle)
    return handle
  }
  try {
    const { baseOffset, names } = segment
    const index = (kind: IndexKind): IndexFile | undefined => {
      const name = names.get(kind)
      return name === undefined ? undefined : new IndexFile(open(name), kind, baseOffset)
    }
    const offsets = index('index')
    const checks = checksOf(directory, segment, offsets, index, state, options, findings)
    const logPath = join(directory, names.get('log')!)
    return walkFile(files, logPath, options.entryBytesMax, (walk) =>
      new SegmentWalk(logPath, baseOffset, walk, offsets, checks, state, options, findings).run(),
    )
  } finally {
    for (const handle of opened) handle.close()
  }
}

function checksOf(
  directory: string,
  { baseOffset, names }: SegmentFiles,
  offsets: IndexFile | undefined,
  index: (kind: IndexKind) => IndexFile | undefined,
  state: PartitionState,
  options: VerifyOptions,
  findings: Findings,
): SegmentCheck[] {
  const checks: SegmentCheck[] = []
  const path = (kind: IndexKind): string => join(directory, names.get(kind) ?? segmentFileName(baseOffset, kind))
  if (offsets !== undefined) checks.push(new OffsetIndexCheck(offsets, path('index'), findings))
  const times = index('timeindex')
  if (times !== undefined) checks.push(new TimeIndexCheck(times, path('timeindex'), findings))
  const { settings } = options
  if (settings !== undefined)
    checks.push(new SettingsCheck(settings, join(directory, names.get('log')!), offsets, path('index'), findings))
  const { transactions } = state
  if (transactions === undefined) return checks
  checks.push(new TransactionCheck(transactions, index('txnindex'), path('txnindex'), options.compacted, findings))
  return checks
}

class SegmentWalk {
  private readonly logPath: string
  private readonly baseOffset: number
  private readonly walk: EntryWalk
  private readonly offsets: IndexFile | undefined
  private readonly checks: readonly SegmentCheck[]
  private readonly state: PartitionState
  private readonly options: VerifyOptions
  private readonly findings: Findings
  private entries = 0
  private reported = 0
  private resumeSlot = 0
  private whole = true

  constructor(
    logPath: string,
    baseOffset: number,
    walk: EntryWalk,
    offsets: IndexFile | undefined,
    checks: readonly SegmentCheck[],
    state: PartitionState,
    options: VerifyOptions,
    findings: Findings,
  ) {
    this.logPath = logPath
    this.baseOffset = baseOffset
    this.walk = walk
    this.offsets = offsets
    this.checks = checks
    this.state = state
    this.options = options
    this.findings = findings
  }

  run(): SegmentSummary {
    const { walk, state, logPath } = this
    state.order.segment(this.baseOffset, logPath)
    for (;;) {
      while (walk.next()) this.entry()
      const end = walk.end!
      const message = this.describe(end)
      if (message === undefined) break
      this.whole = false
      const resumed = this.resumeBehind(end)
      const more = resumed < 0 ? '' : `; the index says that an entry begins at byte ${resumed}, where it goes on`
      const code = end.kind === 'cut' || message.includes('zero') ? 'cut' : 'structure'
      this.findings.damaged(code, logPath, message + more, { position: end.position })
      if (resumed < 0) break
      state.order.skip()
      for (const check of this.checks) check.skipTo(resumed)
      this.entry()
    }
    const lastOffset = this.entries === 0 ? undefined : state.order.last
    for (const check of this.checks) check.end(lastOffset, walk.end?.position ?? walk.fileBytes, this.whole)
    this.progress(walk.fileBytes)
    return { entries: this.entries, bytes: walk.fileBytes, whole: this.whole }
  }

  private entry(): void {
    const { walk, state, options, findings, logPath } = this
    const batch = walk.batch()
    const { position, size, lastOffset } = walk
    const crcValid = walk.isCrcValid()
    if (!crcValid)
      findings.damaged('crc', logPath, `wrong CRC of the batch at offset ${lastOffset}`, {
        position,
        offset: lastOffset,
      })
    const { openedBytesMax = OPENED_BYTES_MAX } = options
    const firstOffset =
      crcValid || batch.magic === 2 || batch.codecId === 0 ? firstOffsetOf(walk, batch, openedBytesMax) : undefined
    const previousOffset = state.order.last
    const facts: EntryFacts = { position, size, firstOffset, lastOffset, previousOffset, crcValid, batch }
    state.order.entry(facts, this.baseOffset, logPath)
    for (const check of this.checks) check.entry(facts)
    state.epochs.entry(facts, logPath)
    state.snapshots.entry(facts)
    // A wrapper that could not be opened says why here.
    const isClosed = firstOffset === undefined && crcValid
    if (crcValid && (options.deep || isClosed))
      checkRecords(walk, facts, openedBytesMax, options.compacted, logPath, findings)
    this.entries++
    if (position + size - this.reported >= PROGRESS_BYTES) this.progress(position + size)
  }

  private describe(end: WalkEnd): string | undefined {
    const message = describeWalkEnd(end, this.walk.fileBytes)
    if (end.kind !== 'size' || end.size !== 0 || !this.walk.isZeroFrom(end.position)) return message
    const zeros = this.walk.fileBytes - end.position
    return `${zeros} zero bytes at the end: room allocated beforehand, or lost in a power failure`
  }

  /** Moves the walk to an entry behind damage that the index knows; its position, or -1. */
  private resumeBehind(end: WalkEnd): number {
    const { offsets, walk } = this
    if (offsets === undefined) return -1
    for (let tries = 0; this.resumeSlot < offsets.entries && tries < RESUME_TRIES; this.resumeSlot++) {
      const position = offsets.logPosition(this.resumeSlot)
      if (position <= end.position) continue
      tries++
      walk.resumeAt(position)
      if (walk.next() && walk.isCrcValid()) return position
    }
    return -1
  }

  private progress(position: number): void {
    this.options.progress?.(position - this.reported)
    this.reported = position
  }
}
