/**
 * The recorded workload: what a broker does to its logs in its life, step by step, and after each step what must be there
 * whatever happens next.
 */
import { brokerConfigTable, configValues } from '../../../../src/config/index.ts'
import { utf8 } from '../../../../src/host/index.ts'
import { buildMessageSet, type Log, LogManager, type LogManagerOptions } from '../../../../src/storage/index.ts'
import { StorageHost, topicConfigWith } from '../support.ts'
import { RecordingFiles } from './recording-files.ts'

export const PARTITIONS = ['orders-0', 'orders-1', 'facts-0'] as const
export type Partition = (typeof PARTITIONS)[number]

/** Keeps the last value of each key only; a value says its key in front. */
export const isCompacted = (tp: Partition): boolean => tp === 'facts-0'
export const keyOf = (value: string): string => value.slice(0, value.indexOf('='))

/** Small enough that a few appends fill an index entry, a segment and an index. */
export const config = { 'segment.bytes': 300, 'index.interval.bytes': 60, 'segment.index.bytes': 64 }

/** The first release that survives a crash while it opens its logs. */
export const mended: ManagerOptions = { shutdownMark: 'removed-first' }

/** A manager of these partitions on these files. */
export const managerOf = (host: StorageHost, options: ManagerOptions): LogManager =>
  new LogManager(host, '', {
    config: configValues(brokerConfigTable, { 'log.cleaner.enable': true }),
    topicConfig: (topic) =>
      topicConfigWith(
        topic === 'facts' ? { ...config, 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': 0.1 } : config,
      ),
    ...options,
  })

export type ManagerOptions = Pick<LogManagerOptions, 'shutdownMark'>

/** Of one partition: offsets `from` to `to` (excluded) were flushed, and hold these values. */
export interface Durable {
  readonly from: number
  readonly to: number
  readonly values: readonly string[]
}

export interface Step {
  readonly name: string
  /** Operations `first` to `last` belong to this step. */
  readonly first: number
  readonly last: number
  /** What must survive a crash anywhere within the step, by partition. */
  readonly durable: ReadonlyMap<Partition, Durable>
}

export interface Recording {
  /** Compactions that were carried out. */
  readonly compactions: number
  readonly files: RecordingFiles
  readonly steps: readonly Step[]
  /** Everything that was ever written at an offset, with the operation after which it could be there. */
  readonly everAt: ReadonlyMap<Partition, ReadonlyArray<ReadonlyMap<string, number>>>
}

class Workload {
  readonly files: RecordingFiles
  readonly steps: Step[] = []
  private readonly options: ManagerOptions
  readonly everAt = new Map<Partition, Array<Map<string, number>>>(PARTITIONS.map((tp) => [tp, []]))
  private host!: StorageHost
  private logs!: LogManager
  compactions = 0
  private written = 0
  /** What was last written at each offset. */
  private readonly values = new Map<Partition, string[]>(PARTITIONS.map((tp) => [tp, []]))
  private readonly flushed = new Map<Partition, Durable>(PARTITIONS.map((tp) => [tp, { from: 0, to: 0, values: [] }]))

  constructor(ignoredSite: string | undefined, options: ManagerOptions) {
    this.options = options
    this.files = new RecordingFiles(() => 0, ignoredSite === undefined ? {} : { ignoredSite })
  }

  private log(tp: Partition): Log {
    return this.logs.log(tp)!
  }

  private step(name: string, body: () => void): void {
    const first = this.files.operations + 1
    const before = new Map(this.flushed)
    body()
    this.compactions += this.host.events.splice(0).filter(({ kind }) => kind === 'LogCleaned').length
    for (const tp of PARTITIONS) {
      const log = this.logs?.log(tp)
      if (log === undefined) continue
      const { logStartOffset: from, recoveryPoint: to } = log
      const values = this.values.get(tp)!.slice(from, to)
      this.flushed.set(tp, { from, to, values })
    }
    const durable = new Map(PARTITIONS.map((tp) => [tp, common(before.get(tp)!, this.flushed.get(tp)!)]))
    this.steps.push({ name, first, last: this.files.operations, durable })
    // Between steps nothing happens: a crash right after the step finds what the step made durable.
    this.steps.push({
      name: `after ${name}`,
      first: this.files.operations,
      last: this.files.operations,
      durable: new Map(this.flushed),
    })
  }

  private start(): void {
    this.step('start', () => {
      this.host = new StorageHost(this.files)
      this.logs = managerOf(this.host, this.options)
      this.logs.load()
      this.logs.startup()
      for (const tp of PARTITIONS) this.logs.getOrCreate(tp)
    })
  }

  private append(tp: Partition, ...sizes: number[]): void {
    this.step(`append to ${tp}`, () => {
      const log = this.log(tp)
      const key = (i: number): string => (isCompacted(tp) ? `k${(this.written + i) % 4}=` : '')
      const values = sizes.map((size, i) => `${key(i)}${this.written + i}:`.padEnd(size, '.'))
      this.written += sizes.length
      values.forEach((value, i) => {
        const at = this.everAt.get(tp)!
        const offset = log.logEndOffset + i
        at[offset] ??= new Map()
        at[offset].set(value, this.files.operations)
        this.values.get(tp)![offset] = value
      })
      appendValues(log, tp, values)
    })
  }

  private fill(tp: Partition, count: number): void {
    for (let i = 0; i < count; i++) this.append(tp, 20 + ((i * 7) % 30), ...(i % 3 === 0 ? [12] : []))
  }

  run(): void {
    this.start()
    this.fill('orders-0', 6)
    this.append('orders-1', 30, 30)
    this.step('flush', () => this.log('orders-0').flush())
    this.step('checkpoint', () => this.logs.checkpointRecoveryPoints())
    // Rolls several times, which flushes what was rolled.
    this.fill('orders-0', 14)
    this.step('flush of the other', () => this.log('orders-1').flush())
    this.step('checkpoint of both', () => this.logs.checkpointRecoveryPoints())
    this.step('truncation within the active segment', () =>
      this.logs.truncateTo('orders-0', this.log('orders-0').logEndOffset - 1),
    )
    this.fill('orders-0', 3)
    this.step('flush before the large truncation', () => this.log('orders-0').flush())
    this.step('truncation over segments', () => this.logs.truncateTo('orders-0', 4))
    this.fill('orders-0', 9)
    this.fill('facts-0', 24)
    this.step('flush before compaction', () => this.log('facts-0').flush())
    this.step('compaction', () => this.host.advanceMs(20_000))
    this.fill('facts-0', 12)
    this.step('flush before more compaction', () => this.log('facts-0').flush())
    this.step('more compaction', () => this.host.advanceMs(20_000))
    this.step('clean shutdown', () => this.logs.shutdown())
    this.start()
    this.fill('orders-0', 4)
    this.append('orders-1', 40)
    this.step('begin anew elsewhere', () => this.logs.truncateFullyAndStartAt('orders-1', 100))
    this.append('orders-1', 40, 10)
    this.step('flush at the end', () => this.log('orders-1').flush())
    this.step('files deleted for good', () => this.host.advanceMs(70_000))
    this.fill('orders-0', 2)
  }
}

export function appendValues(log: Log, tp: Partition, values: readonly string[]): void {
  const messages = values.map((value) => ({ key: isCompacted(tp) ? utf8(keyOf(value)) : null, value: utf8(value) }))
  log.append(buildMessageSet(messages), { assignOffsets: true })
}

/** What holds on both sides of a step, and so within it. */
function common(before: Durable, after: Durable): Durable {
  const from = Math.max(before.from, after.from)
  const to = Math.max(from, Math.min(before.to, after.to))
  return { from, to, values: before.values.slice(from - before.from, to - before.from) }
}

/** Plays the workload; syncs from `ignoredSite` do nothing. */
export function record(ignoredSite?: string, options = mended): Recording {
  const workload = new Workload(ignoredSite, options)
  workload.run()
  return { compactions: workload.compactions, files: workload.files, steps: workload.steps, everAt: workload.everAt }
}
