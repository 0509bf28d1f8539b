// What a broker may do to the files of its logs, and that whatever else it does is found: in a run, and file by file.
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { AppendOnlyLogs } from '../../../sim/check/index.ts'
import { World } from '../../../sim/kernel/index.ts'
import { runScenario } from '../../../sim/scenario/runner/index.ts'
import type { FileHandle } from '../../../src/host/index.ts'
import { LogFile } from '../../../src/storage/log-file.ts'
import { lesson, story } from '../../scenarios/storage/play.ts'

const path = 'orders-0/00000000000000000000.log'

/** A broker's disk under watch; `told` is what the trace tells of. */
function watched() {
  const world = new World({ seed: 1, network: { latencyUs: { low: 1, high: 1 } } })
  const machine = world.addMachine('b1')
  const logs = new AppendOnlyLogs(world, ['b1'])
  machine.disk.makeDirectory('orders-0')
  const told = (kind: string, tp?: string): void =>
    logs.apply({ seq: 0, step: world.steps, cause: -1, atUs: 0, machine: 'b1', event: { kind, tp } } as never)
  return { world, disk: machine.disk, logs, told }
}

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7)
const open = (disk: ReturnType<typeof watched>['disk'], name = path): FileHandle => disk.open(name, { create: true })

describe('the file of a log', () => {
  it('may grow at its end, whatever is synced, closed, opened again or lost with the power in between', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.nat(2000).map((length) => ({ do: 'append', length }) as const) },
      ...(['sync', 'reopen', 'power', 'crash'] as const).map((name) => ({
        weight: 1,
        arbitrary: fc.constant({ do: name, length: 0 }),
      })),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { disk, logs, told } = watched()
        let file = open(disk)
        for (const { do: what, length } of steps) {
          if (what === 'append') file.write(file.size(), bytes(length))
          else if (what === 'sync') file.sync()
          else {
            if (what === 'power') disk.powerLoss()
            if (what === 'crash') {
              disk.endLife()
              told('ProcessEnded')
            }
            disk.makeDirectory('orders-0')
            file = open(disk)
          }
        }
        logs.check(true)
      }),
    )
  })

  it('may not be written anywhere else, however little', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(4000), fc.integer({ min: 1, max: 100 }), (size, position, length) => {
        fc.pre(position !== size)
        const file = open(watched().disk)
        file.write(0, bytes(size))
        expect(() => file.write(position, bytes(length))).toThrow(
          `b1 writes ${length} bytes at byte ${position} of ${path}, whose log ends at byte ${size}`,
        )
      }),
    )
  })

  it('may be cut where the trace tells of it, and only there', () => {
    for (const kind of ['LogTruncated', 'LogLoaded', 'ProcessEnded', undefined]) {
      const { disk, logs, told } = watched()
      const file = open(disk)
      file.write(0, bytes(100))
      file.truncate(60)
      // Of another partition, of something else.
      told('LogTruncated', 'orders-1')
      told('SegmentRolled', 'orders-0')
      if (kind === undefined) {
        expect(() => logs.check(true)).toThrow(`b1 cuts ${path} from 100 to 60 bytes, and nothing in the trace`)
      } else {
        told(kind, kind === 'ProcessEnded' ? undefined : 'orders-0')
        logs.check(true)
        file.write(60, bytes(10))
      }
    }
  })

  it('may be cleared of what a write that failed half-way left behind its end', () => {
    const { disk, logs } = watched()
    const file = open(disk)
    file.write(0, bytes(100))
    disk.fillUp(30)
    expect(() => file.write(100, bytes(50))).toThrow('no space left')
    expect(file.size()).toBe(130)
    file.truncate(100)
    disk.fillUp(undefined)
    file.write(100, bytes(50))
    logs.check(true)
  })

  it('may be replaced by what a compaction has made, if the trace tells of it, and by nothing else', () => {
    const { disk, logs, told } = watched()
    open(disk).write(0, bytes(100))
    open(disk, `${path}.cleaned`).write(0, bytes(50))
    disk.rename(`${path}.cleaned`, `${path}.swap`)
    disk.rename(path, `${path}.deleted`)
    disk.rename(`${path}.swap`, path)
    expect(() => logs.check(true)).toThrow(`b1 puts ${path}.swap in the place of ${path}`)
    told('SegmentsCompacted', 'orders-0')
    logs.check(true)
    open(disk).write(50, bytes(10))
    open(disk, 'orders-0/copy').write(0, bytes(1))
    expect(() => disk.rename('orders-0/copy', path)).toThrow(`b1 puts orders-0/copy in the place of ${path}`)
  })

  it('begins anew where it was removed, with its folder or without', () => {
    const { disk, logs } = watched()
    open(disk).write(0, bytes(100))
    disk.removeDirectory('orders-0')
    disk.makeDirectory('orders-0')
    open(disk).write(0, bytes(10))
    disk.removeFile(path)
    open(disk).write(0, bytes(10))
    disk.rename('orders-0', 'orders-1')
    disk.makeDirectory('orders-0')
    open(disk).write(0, bytes(10))
    logs.check(true)
  })

  it('is not what other files are: indexes and checkpoints are written over', () => {
    const file = open(watched().disk, 'orders-0/00000000000000000000.index')
    file.write(0, bytes(8))
    file.write(0, bytes(8))
    file.truncate(0)
  })
})

describe('in a run', () => {
  afterEach(() => vi.restoreAllMocks())

  const plan = story(`scenario: 1
ends: 12s
cluster: { zookeeper: 1, brokers: 1 }
topics: { orders: { partitions: 1 } }
clients: { p1: { producer: sync, config: { request.required.acks: 1 }, sends: { to: orders-0, every: 100ms, start: 3s, count: 20 } } }
`)
  type Files = { readonly handle: FileHandle; validBytes: number }

  it('a broker that changes one byte of a message that it holds is found', () => {
    const { append } = LogFile.prototype
    vi.spyOn(LogFile.prototype, 'append').mockImplementation(function (this: LogFile, records: Uint8Array) {
      append.call(this, records)
      if (this.size > 200) (this as unknown as Files).handle.write(40, bytes(1))
    })
    const { failure, held } = runScenario(plan)
    expect(held).toBe(false)
    expect(failure).toMatchObject({ kind: 'bug' })
    expect(failure!.message).toMatch(
      /^b1 writes 1 bytes at byte 40 of orders-0\/0{20}\.log, whose log ends at byte \d+$/,
    )
  })

  it('a broker that takes back a message without a word, and takes another for it, is found', () => {
    const { append } = LogFile.prototype
    vi.spyOn(LogFile.prototype, 'append').mockImplementation(function (this: LogFile, records: Uint8Array) {
      if (this.size > 200) this.truncateTo(this.size - records.length)
      append.call(this, records)
    })
    expect(runScenario(plan).failure).toMatchObject({
      kind: 'bug',
      message: expect.stringMatching(/^b1 cuts orders-0\/.* and nothing in the trace accounts for it$/),
    })
  })

  it.each(['compaction-keeps-last-value.yaml', 'torn-tail-after-power-loss.yaml', 'bit-rot-found-by-crc.yaml'])(
    '%s changes logs in all the ways that are allowed, and no others',
    (name) => {
      expect(runScenario(lesson(name)).held).toBe(true)
    },
  )

  it('is not watched where checks are off', () => {
    const { append } = LogFile.prototype
    vi.spyOn(LogFile.prototype, 'append').mockImplementation(function (this: LogFile, records: Uint8Array) {
      append.call(this, records)
      ;(this as unknown as Files).handle.write(0, this.read(0, 1))
    })
    expect(runScenario(plan, { check: false }).failure).toBeUndefined()
  })
})
