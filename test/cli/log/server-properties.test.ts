// `trial log … --server-properties`: what the settings of the broker say of its files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NodeFileSystem } from '../../../live/index.ts'
import { writeValidLogs } from '../../../sim/fuzz/log-mutations/index.ts'
import { runScenario } from '../../../sim/scenario/runner/index.ts'
import { story } from '../../scenarios/storage/play.ts'
import { temporaryDirectory, trial } from '../trial.ts'

const root = temporaryDirectory()
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A broker's directory: 60 messages of 50 bytes each in segments of 1000, an index entry for every third. */
const data = join(root, 'broker')
const partition = join(data, 'orders-0')
const FIRST = '00000000000000000000'

beforeAll(() => {
  const plan = story(`scenario: 1
ends: 12s
cluster: { zookeeper: 1, brokers: 1 }
topics: { orders: { partitions: 1, config: { segment.bytes: 1000, index.interval.bytes: 120 } } }
clients: { p1: { producer: sync, config: { request.required.acks: 1 }, sends: { to: orders-0, every: 50ms, start: 3s, count: 60, size: 24B } } }
`)
  const result = runScenario(plan, {
    dataDirectory: (machine) => new NodeFileSystem(machine === 'b1' ? data : join(root, machine)),
  })
  expect(result.failure).toBeUndefined()
})

function properties(...lines: string[]): string {
  const file = join(mkdtempSync(join(root, 'properties-')), 'server.properties')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

const ask = (command: string, ...rest: string[]) => trial('log', command, ...rest)

describe('trial log verify --server-properties', () => {
  test('finds nothing where the settings are those that the log was written with', () => {
    const file = properties('log.index.interval.bytes=120', 'log.index.size.max.bytes=10485760')
    const { code, out, err } = ask('verify', partition, '--server-properties', file)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe('orders-0: good: 3 segments, 60 batches, 2.9 KiB, offsets 0..60\n')
  })

  test('notes index entries closer than the interval, index files and messages larger than allowed', () => {
    const file = properties('log.index.interval.bytes=150', 'log.index.size.max.bytes=40', 'message.max.bytes=37')
    const { code, out } = ask('verify', partition, '--server-properties', file, '--json')
    expect(code).toBe(0)
    const findings: Array<{ severity: string; code: string; file: string; message: string }> = JSON.parse(out).findings
    expect(new Set(findings.map((finding) => `${finding.severity} ${finding.code}`))).toEqual(
      new Set(['note settings']),
    )
    const told = findings.map((finding) => `${finding.file.slice(partition.length + 1)}: ${finding.message}`)
    expect(told).toContain(
      `${FIRST}.index: entry 0 is 150 bytes of log behind the beginning, and log.index.interval.bytes is 150`,
    )
    expect(told).toContain(`${FIRST}.index: 48 bytes, and log.index.size.max.bytes is 40`)
    expect(told).toContain(
      `${FIRST}.log: 38 bytes, and message.max.bytes is 37: no producer may send that, and recovery cuts the log here`,
    )
  })

  test('takes a log directory', () => {
    const file = properties('message.max.bytes=37')
    expect(ask('verify', data, '--server-properties', file).out).toContain('message.max.bytes is 37')
  })

  test('takes holes for right where the broker compacts', () => {
    const copy = join(root, 'holes')
    const files = new NodeFileSystem(copy)
    writeValidLogs(files)
    const file = properties('log.cleanup.policy=compact')
    expect(ask('verify', join(copy, 'plain.0.none-0'), '--server-properties', file).out).toContain('(compacted)')
  })

  test('warns by name of keys that are not modelled, unknown, or ignored by the release', () => {
    const file = properties('num.io.threads=4', 'log.retention.hour=1', 'log.cleaner.min.compaction.lag.ms=9')
    const { code, err } = ask('verify', partition, '--server-properties', file)
    expect(code).toBe(0)
    expect(err).toMatch(/:1:1: warning KS602 "num\.io\.threads" is not modelled/)
    expect(err).toMatch(/:2:1: warning KS201 Kafka knows no key "log\.retention\.hour"/)
    expect(err).toMatch(/:3:1: warning KS205 0\.8\.2 knows no log\.cleaner\.min\.compaction\.lag\.ms/)
    const newer = ask('verify', partition, '--server-properties', file, '--protocol', '1.1')
    expect(newer.err).not.toContain('KS205')
  })

  test('reads the file as a release does that writes the message format of the log', () => {
    const copy = join(root, 'formats')
    writeValidLogs(new NodeFileSystem(copy))
    const file = properties('log.cleaner.min.compaction.lag.ms=9')
    expect(ask('verify', join(copy, 'plain.0.none-0'), '--server-properties', file).err).toContain('KS205 0.8.2')
    expect(ask('verify', join(copy, 'plain.2.none-0', `${FIRST}.log`), '--server-properties', file).err).toBe('')
  })
})

describe('trial log lookup --server-properties', () => {
  const scanned = (interval: number): string =>
    ask(
      'lookup',
      partition,
      '--offset',
      '8',
      '--explain',
      '--server-properties',
      properties(`log.index.interval.bytes=${interval}`),
    ).out

  test('holds the bytes passed against the interval', () => {
    expect(scanned(120)).toContain('   → 100 bytes passed: no more than log.index.interval.bytes, 120\n')
    expect(scanned(99)).toContain('   → 100 bytes passed, more than log.index.interval.bytes, 99: appends were larger')
    expect(ask('lookup', partition, '--offset', '8', '--explain').out).not.toContain('log.index.interval.bytes')
  })
})

describe('trial log repair --server-properties', () => {
  const repaired = (...lines: string[]) =>
    ask('repair', partition, '--all', '--server-properties', properties(...lines))

  test('builds indexes with the interval of the file', () => {
    expect(repaired('log.index.interval.bytes=120').out).not.toContain(`${FIRST}.index`)
    expect(repaired('log.index.interval.bytes=4096').out).toMatch(/cut +.*0{20}\.index from 48 to 0 bytes/)
  })

  test('cuts a log of 0.8 at a message above message.max.bytes, as a broker of that release does', () => {
    const { code, out } = repaired('log.index.interval.bytes=120', 'message.max.bytes=37')
    expect(code).toBe(1)
    expect(out).toContain('orders-0: 3000 bytes cut off or deleted, offsets 0..0')
    expect(repaired('log.index.interval.bytes=120', 'message.max.bytes=38').code).toBe(0)
  })
})

describe('bad input', () => {
  const refused = (command: string, ...args: string[]): string => {
    const { code, err, out } = ask(command, partition, ...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).not.toMatch(/^\s+at /m)
    return err
  }

  test('is told in one message, with exit code 2', () => {
    expect(refused('verify', '--server-properties', 'nowhere')).toBe(
      'nowhere:1:1: KS001 cannot read the file: there is no such file\n',
    )
    expect(refused('repair', '--protocol', '0.9')).toBe(
      'trial: --protocol says whose --server-properties it is: give that too\n',
    )
    const file = properties('message.max.bytes=x')
    expect(refused('repair', '--server-properties', file)).toMatch(/:1:19: KS202 "message\.max\.bytes" cannot be "x"\n/)
    expect(refused('lookup', '--offset', '1', '--server-properties', file, '--protocol', '7')).toMatch(
      /^trial: no release '7' \(0\.8\.0, .*4\.1\)\n$/,
    )
  })
})
