/**
 * Bytes of a log below its end never change, except by truncation and compaction: a rule for the broker's code, under all
 * faults, so breaking it is a bug of ours. Watches the files of the brokers' disks and the trace:
 *
 * - a `.log` file is written at its end and nowhere else;
 * - it is cut only where the trace tells of it: a truncation, or the recovery of the log at start-up;
 * - a file becomes a `.log` only out of a `.swap`, told of as a compaction or found at start-up.
 *
 * Bit rot and lost page caches are the disk's doing, which a watch of the process's calls does not see.
 */
import { invariant } from '../../src/host/index.ts'
import type { FileWatch, TraceRecord, World } from '../kernel/index.ts'

const LOG = /^(.+)\/\d{20}\.log$/
const SWAP_SUFFIX = '.swap'

type Change = 'cut' | 'swapped in'

/** What accounts for a change, later in the same kernel step; a process that ends in it had no time to tell. */
const explanations: Readonly<Record<string, readonly Change[]>> = {
  LogTruncated: ['cut'],
  SegmentsCompacted: ['swapped in'],
  LogLoaded: ['cut', 'swapped in'],
  ReplicaCreated: ['cut', 'swapped in'],
  ProcessEnded: ['cut', 'swapped in'],
}

interface Unexplained {
  readonly machine: string
  readonly tp: string
  readonly change: Change
  readonly step: number
  readonly what: string
}

export class AppendOnlyLogs {
  private readonly world: World
  private readonly watches = new Map<string, LogFiles>()
  private readonly unexplained: Unexplained[] = []

  /** Watches the disks of these machines. To be called before their processes start. */
  constructor(world: World, machines: readonly string[]) {
    this.world = world
    for (const name of machines) {
      const watch = new LogFiles(name, (tp, change, what) => {
        this.unexplained.push({ machine: name, tp, change, what, step: world.steps })
      })
      world.machine(name).disk.watch = watch
      this.watches.set(name, watch)
    }
  }

  /** Takes the next record of the trace. */
  apply(record: TraceRecord): void {
    const { machine, event } = record
    if (this.unexplained.length > 0) {
      this.check()
      const explained = explanations[event.kind]
      if (explained !== undefined) this.explain(machine, explained, (event as { readonly tp?: string }).tp)
    }
    if (event.kind === 'ProcessEnded') this.watches.get(machine)?.forget()
  }

  /** Throws if a change of an earlier kernel step, or of any at the end of a run, was never told of. */
  check(atEnd = false): void {
    const stale = this.unexplained.find(({ step }) => atEnd || step < this.world.steps)
    if (stale !== undefined) invariant(false, `${stale.what}, and nothing in the trace accounts for it`)
  }

  private explain(machine: string, changes: readonly Change[], tp: string | undefined): void {
    for (let i = this.unexplained.length - 1; i >= 0; i--) {
      const one = this.unexplained[i]!
      const isMeant = one.machine === machine && (tp === undefined || tp === one.tp) && changes.includes(one.change)
      if (isMeant) this.unexplained.splice(i, 1)
    }
  }
}

/** Where each log file of a machine ends. */
class LogFiles implements FileWatch {
  private readonly machine: string
  private readonly onChange: (tp: string, change: Change, what: string) => void
  /** By path: up to where the file holds what was appended. Files not seen yet are taken as they are. */
  private readonly ends = new Map<string, number>()
  /** Partition of a path; undefined: it is no log file. */
  private readonly partitions = new Map<string, string | undefined>()

  constructor(machine: string, onChange: (tp: string, change: Change, what: string) => void) {
    this.machine = machine
    this.onChange = onChange
  }

  writing(path: string, position: number, length: number, dataEnd: number): void {
    if (this.partitionOf(path) === undefined) return
    const end = this.endOf(path, dataEnd)
    if (position === end) return
    invariant(
      false,
      () => `${this.machine} writes ${length} bytes at byte ${position} of ${path}, whose log ends at byte ${end}`,
    )
  }

  wrote(path: string, end: number): void {
    if (this.partitionOf(path) !== undefined) this.ends.set(path, end)
  }

  resizing(path: string, size: number, dataEnd: number): void {
    const tp = this.partitionOf(path)
    if (tp === undefined) return
    const end = this.endOf(path, dataEnd)
    if (size >= end) return
    this.ends.set(path, size)
    this.onChange(tp, 'cut', `${this.machine} cuts ${path} from ${end} to ${size} bytes`)
  }

  renamed(from: string, to: string): void {
    for (const path of [...this.ends.keys()]) if (path === from || path.startsWith(`${from}/`)) this.ends.delete(path)
    this.ends.delete(to)
    const tp = this.partitionOf(to)
    if (tp === undefined) return
    const what = `${this.machine} puts ${from} in the place of ${to}`
    invariant(from === to + SWAP_SUFFIX, what)
    this.onChange(tp, 'swapped in', what)
  }

  removed(path: string): void {
    this.ends.delete(path)
  }

  lostPower(): void {
    this.forget()
  }

  forget(): void {
    this.ends.clear()
  }

  private endOf(path: string, dataEnd: number): number {
    const known = this.ends.get(path)
    if (known !== undefined) return known
    this.ends.set(path, dataEnd)
    return dataEnd
  }

  private partitionOf(path: string): string | undefined {
    if (this.partitions.has(path)) return this.partitions.get(path)
    const partition = LOG.exec(path)?.[1]
    this.partitions.set(path, partition)
    return partition
  }
}
