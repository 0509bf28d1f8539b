/**
 * Lives of a log manager on the simulated disk, ended by crashes and power losses between any two operations. Whatever
 * the disk makes of unsynced writes and names, the next life finds dense offsets, agreeing indexes, all that was known
 * to be durable, and at each offset only something that was once written there.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import { RandomStreams } from '../../../sim/kernel/random.ts'
import { SimulatedDisk } from '../../../sim/kernel/simulated-disk.ts'
import type { FileSystem } from '../../../src/host/index.ts'
import type { Log, LogManager } from '../../../src/storage/index.ts'
import { parseDirectory, problemsOf } from './parse-files.ts'
import { append, manager, StorageHost, valuesOf } from './support.ts'

type Step =
  | { readonly do: 'append'; readonly sizes: readonly number[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'flush' | 'checkpoint' | 'crash' | 'shutdown' }
  | { readonly do: 'truncate'; readonly permille: number }
  | { readonly do: 'power loss'; readonly orderly: boolean }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      sizes: fc.array(fc.nat(80), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 700, 7000, 70_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('flush' as const, 'checkpoint' as const, 'crash' as const, 'shutdown'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), permille: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('power loss' as const), orderly: fc.boolean() }) },
)

const TP = 'orders-0'
const config = { 'segment.bytes': 500, 'index.interval.bytes': 60, 'segment.index.bytes': 64 }

function simulatedDisk(host: StorageHost, seed: number, backing?: FileSystem): SimulatedDisk {
  return new SimulatedDisk(backing ?? new MemoryFileSystem(() => host.nowUs), {
    trueTime: () => host.nowUs,
    clock: () => host.nowUs,
    charge: () => {},
    random: new RandomStreams(seed).stream('disk/b1'),
    fault: () => {},
  })
}

class Lives {
  readonly host = new StorageHost()
  readonly disk: SimulatedDisk
  logs!: LogManager
  /** What is in the log now. */
  values: string[] = []
  /** Everything that was ever at an offset. */
  private readonly everAt: Array<Set<string>> = []
  private written = 0

  constructor(seed: number) {
    this.disk = simulatedDisk(this.host, seed)
    this.host.files = this.disk
    this.begin(0)
  }

  get log(): Log {
    return this.logs.getOrCreate(TP)
  }

  run(step: Step): void {
    const { host, log, logs } = this
    switch (step.do) {
      case 'append':
        append(log, ...step.sizes.map((size) => this.next(size)))
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
      case 'truncate': {
        const offset = Math.floor((this.values.length * step.permille) / 1000)
        logs.truncateTo(TP, offset)
        this.values.length = offset
        return
      }
      case 'crash':
        this.end(this.values.length)
        return
      case 'shutdown':
        logs.shutdown()
        this.end(this.values.length)
        return
      case 'power loss': {
        const durable = step.orderly ? this.values.length : log.recoveryPoint
        if (step.orderly) logs.shutdown()
        this.disk.powerLoss()
        this.end(durable)
        return
      }
    }
  }

  private next(size: number): string {
    const value = `${this.written++}:`.padEnd(size, '.')
    const offset = this.values.push(value) - 1
    this.everAt[offset] ??= new Set()
    this.everAt[offset].add(value)
    return value
  }

  private end(durable: number): void {
    this.disk.endLife()
    this.host.dropTimers()
    this.begin(durable)
  }

  private begin(durable: number): void {
    this.logs = manager(this.host, config)
    this.logs.load()
    const left = valuesOf(this.log)
    expect(left.slice(0, durable)).toEqual(this.values.slice(0, durable))
    left.forEach((value, offset) => {
      expect(this.everAt[offset]).toContain(value)
    })
    this.values = left
    this.check()
  }

  check(): void {
    expect(this.log.logEndOffset).toBe(this.values.length)
    expect(this.log.recoveryPoint).toBeLessThanOrEqual(this.values.length)
    const segments = parseDirectory(this.disk, TP)
    expect(problemsOf(segments)).toEqual([])
    expect(segments.flatMap(({ entries }) => entries.map(({ value }) => value))).toEqual(this.values)
  }
}

describe('a log on a disk that loses power', () => {
  it('keeps what was flushed and never has a hole, over many lives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.array(step, { maxLength: 60 }), (seed, steps) => {
        const lives = new Lives(seed)
        for (const step of steps) {
          lives.run(step)
          lives.check()
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('makes an index that it rebuilt durable, also below the recovery point', () => {
    for (let seed = 0; seed < 100; seed++) {
      const host = new StorageHost()
      const disk = simulatedDisk(host, seed)
      host.files = disk
      const logs = manager(host, config)
      logs.load()
      const log = logs.getOrCreate(TP)
      for (let i = 0; i < 30; i++) append(log, `value-${i + 100}`)
      logs.shutdown()
      disk.endLife()
      host.dropTimers()
      disk.removeFile(`${TP}/${'0'.repeat(20)}.index`)
      disk.syncDirectory(TP)
      manager(host, config).load()
      disk.powerLoss()
      host.dropTimers()
      const again = manager(host, config)
      again.load()
      expect(valuesOf(again.log(TP)!)).toHaveLength(30)
      expect(problemsOf(parseDirectory(disk, TP))).toEqual([])
    }
  })
})
