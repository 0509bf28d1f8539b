/**
 * Lives of a log of later releases on the simulated disk, with times, epochs, producers, transactions and retention, ended
 * by crashes and power losses between any two operations. The next life finds what was known to be durable, files that
 * agree with one another, and of its producers exactly what the records that are left say.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import { RandomStreams } from '../../../sim/kernel/random.ts'
import { SimulatedDisk } from '../../../sim/kernel/simulated-disk.ts'
import { configValues, topicConfigTable } from '../../../src/config/index.ts'
import { fromUtf8, utf8 } from '../../../src/host/index.ts'
import { releaseLogFormat } from '../../../src/server/release-log-format.ts'
import {
  batchesOf as batches,
  buildRecords,
  buildTransactionMarker,
  type Log,
  type LogManager,
} from '../../../src/storage/index.ts'
import { Findings, readPartitionDirectory, verifyPartition } from '../../../src/storage/inspect/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { manager, StorageHost } from './support.ts'

type Step =
  | { readonly do: 'append' | 'write'; readonly id: number; readonly size: number }
  | { readonly do: 'commit' | 'abort'; readonly id: number }
  | { readonly do: 'truncate'; readonly permille: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'flush' | 'checkpoint' | 'crash' | 'shutdown' | 'power loss' | 'retention' }

const id = fc.integer({ min: 1, max: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('append' as const, 'write'), id, size: fc.nat(60) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('commit' as const, 'abort'), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('truncate' as const), permille: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 700, 7000, 70_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('flush' as const, 'checkpoint', 'crash', 'shutdown', 'power loss', 'power loss', 'retention'),
    }),
  },
)

const TP = 'orders-0'
const config = {
  'segment.bytes': 700,
  'index.interval.bytes': 100,
  'segment.index.bytes': 96,
  'retention.bytes': 900,
  'retention.ms': Number.MAX_SAFE_INTEGER,
}

/** What was written at an offset. */
interface Entry {
  readonly value: string
  readonly producerId: number
  readonly kind: 'data' | 'transactional' | 'commit' | 'abort'
}

class Lives {
  readonly host = new StorageHost()
  readonly disk: SimulatedDisk
  readonly preset: PresetName
  logs!: LogManager
  /** What is in the log now, from offset 0 on. */
  entries: Entry[] = []
  private readonly everAt: Array<Set<string>> = []
  private written = 0
  private epoch = 0

  constructor(seed: number, preset: PresetName) {
    this.preset = preset
    this.disk = new SimulatedDisk(new MemoryFileSystem(() => this.host.nowUs), {
      trueTime: () => this.host.nowUs,
      clock: () => this.host.nowUs,
      charge: () => {},
      random: new RandomStreams(seed).stream('disk/b1'),
      fault: () => {},
    })
    this.host.files = this.disk
    this.begin(0)
  }

  get log(): Log {
    return this.logs.getOrCreate(TP)
  }

  private get hasProducers(): boolean {
    return presets[this.preset].messageFormat === 'v2'
  }

  run(step: Step): void {
    const { host, log, logs, entries } = this
    switch (step.do) {
      case 'append':
      case 'write':
        this.append(step.id + (step.do === 'write' ? 10 : 0), step.size, step.do === 'write' && this.hasProducers)
        return
      case 'commit':
      case 'abort':
        this.end(step.id + 10, step.do)
        return
      case 'wait':
        host.advanceMs(step.ms)
        return
      case 'flush':
        log.flush()
        return
      case 'checkpoint':
        logs.checkpointRecoveryPoints()
        return
      case 'retention':
        log.updateHighWatermark(log.logEndOffset)
        logs.cleanupLogs()
        return
      case 'truncate': {
        const from = log.logStartOffset
        const offset = from + Math.floor(((entries.length - from) * step.permille) / 1000)
        logs.truncateTo(TP, offset)
        entries.length = offset
        return
      }
      case 'crash':
        this.restart(entries.length)
        return
      case 'shutdown':
        logs.shutdown()
        this.restart(entries.length)
        return
      case 'power loss': {
        const durable = log.recoveryPoint
        this.disk.powerLoss()
        this.restart(durable)
        return
      }
    }
  }

  private append(producerId: number, size: number, transactional: boolean): void {
    const value = `${this.written++}:`.padEnd(size, '.')
    const timestamp = Math.floor(this.host.nowUs / 1000) - (this.written % 7)
    const records = [{ timestamp, key: null, value: utf8(value) }]
    const origin = {
      producerId,
      producerEpoch: 0,
      baseSequence: this.entries.filter((entry) => entry.producerId === producerId && isData(entry)).length,
      isTransactional: transactional,
    }
    const set = buildRecords(records, this.hasProducers ? { magic: 2, ...origin } : { magic: 1 })
    // Of producers that retention may have made unknown a coordinator's append asks nothing.
    this.log.append(set, { assignOffsets: true, origin: 'coordinator', partitionLeaderEpoch: this.epoch })
    this.note({ value, producerId, kind: transactional ? 'transactional' : 'data' })
  }

  private end(producerId: number, type: 'commit' | 'abort'): void {
    if (!this.hasProducers) return
    const timestamp = Math.floor(this.host.nowUs / 1000)
    const marker = buildTransactionMarker({ type, coordinatorEpoch: 0, producerId, producerEpoch: 0, timestamp })
    this.log.append(marker, { assignOffsets: true, origin: 'coordinator', partitionLeaderEpoch: this.epoch })
    this.note({ value: type, producerId, kind: type })
  }

  private note(entry: Entry): void {
    const offset = this.entries.push(entry) - 1
    this.everAt[offset] ??= new Set()
    this.everAt[offset].add(`${entry.kind} ${entry.producerId} ${entry.value}`)
  }

  private restart(durable: number): void {
    this.disk.endLife()
    this.host.dropTimers()
    this.begin(durable)
  }

  private begin(durable: number): void {
    const format = releaseLogFormat(presets[this.preset], configValues(topicConfigTable))
    this.logs = manager(this.host, config, '', { logFormat: () => format })
    this.logs.load()
    const { log } = this
    expect(log.logEndOffset).toBeGreaterThanOrEqual(durable)
    this.epoch++
    const left = this.found()
    // What lies between is as it was, or as it was before it was cut off and written anew.
    for (const [offset, entry] of left) expect(this.everAt[offset]).toContain(entry)
    for (let offset = log.logStartOffset; offset < durable; offset++) {
      const { kind, producerId, value } = this.entries[offset]!
      expect(left.get(offset)).toBe(`${kind} ${producerId} ${value}`)
    }
    this.entries.length = Math.min(this.entries.length, log.logEndOffset)
    for (const [offset, text] of left) {
      const [kind, producerId, value] = text.split(' ') as [Entry['kind'], string, string]
      this.entries[offset] = { kind, producerId: Number(producerId), value }
    }
    log.updateHighWatermark(log.logEndOffset)
    this.check()
  }

  /** Everything in the log by offset, in words. */
  private found(): Map<number, string> {
    const found = new Map<number, string>()
    const { log } = this
    for (let next = log.logStartOffset; next < log.logEndOffset; ) {
      const { records } = log.read(next, 1)
      const whole = log.read(next, 100_000).records
      expect(records.length).toBe(1)
      for (const batch of batches(whole)) {
        for (const { offset, value } of batch.records()) {
          const type = fromUtf8(value!)
          const control = batch.isControl ? batch.records()[0]!.key![3] : undefined
          const kind =
            control === undefined
              ? batch.isTransactional
                ? 'transactional'
                : 'data'
              : control === 0
                ? 'abort'
                : 'commit'
          const producerId = this.hasProducers ? batch.producerId : this.everProducer(offset, type)
          found.set(offset, `${kind} ${producerId} ${control === undefined ? type : kind}`)
          next = offset + 1
        }
      }
    }
    return found
  }

  /** Who wrote a value in a format that does not say so. */
  private everProducer(offset: number, value: string): number {
    const words = [...this.everAt[offset]!].find((entry) => entry.split(' ')[2] === value)
    return Number(words?.split(' ')[1])
  }

  check(): void {
    const { log, entries } = this
    expect(log.logEndOffset).toBe(entries.length)
    const findings = new Findings()
    verifyPartition(this.disk, readPartitionDirectory(this.disk, TP), { deep: true, compacted: false }, findings)
    // An old snapshot that is torn is removed when it is needed, and a new one with the next roll. The epochs are durable
    // at once and the log is not: a cut that the power loss undoes leaves a record of an epoch before the one told there.
    const expectedOfPowerLoss = ['snapshot', 'leader-epochs']
    const damage = findings.all.filter(
      ({ severity, code }) => severity === 'damage' && !expectedOfPowerLoss.includes(code),
    )
    expect(damage).toEqual([])
    if (!this.hasProducers || log.logStartOffset > 0) return
    const expected = expectedOf(entries)
    expect(log.abortedTransactions(0, entries.length)).toEqual(expected.aborted)
    log.updateHighWatermark(log.logEndOffset)
    expect(log.firstUnstableOffset).toBe(expected.firstUnstable)
    // From 1.0 to 2.3 a producer of which there is only a marker is forgotten by a restart.
    const active = log.producerState!.activeProducers.filter(({ lastSequence }) => lastSequence >= 0)
    const known = active.map(({ producerId, lastSequence }) => [producerId, lastSequence])
    expect(known.sort(([a], [b]) => a! - b!)).toEqual(expected.producers)
  }
}

const isData = ({ kind }: Entry): boolean => kind === 'data' || kind === 'transactional'

/** What the records say of producers and transactions. */
function expectedOf(entries: readonly Entry[]) {
  const open = new Map<number, number>()
  const sequences = new Map<number, number>()
  const aborted: unknown[] = []
  for (const [offset, { producerId, kind }] of entries.entries()) {
    if (isData({ producerId, kind, value: '' })) {
      sequences.set(producerId, (sequences.get(producerId) ?? -1) + 1)
      if (kind === 'transactional' && !open.has(producerId)) open.set(producerId, offset)
      continue
    }
    const firstOffset = open.get(producerId) ?? offset
    open.delete(producerId)
    const lastStableOffset = Math.min(offset + 1, ...open.values())
    if (kind === 'abort') aborted.push({ producerId, firstOffset, lastOffset: offset, lastStableOffset })
  }
  return {
    aborted,
    firstUnstable: open.size === 0 ? undefined : Math.min(...open.values()),
    producers: [...sequences].sort(([a], [b]) => a - b),
  }
}

describe('a log of a later release on a disk that loses power', () => {
  it.each(['0.10.2', '0.11', '1.1', '2.1', '2.4'] as const)('keeps all that as %s has it', (preset) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.array(step, { maxLength: 50 }), (seed, steps) => {
        const lives = new Lives(seed, preset)
        for (const one of steps) {
          lives.run(one)
          lives.check()
        }
      }),
      { numRuns: 150 },
    )
  })
})
