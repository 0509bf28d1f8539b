import { spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { NodeFileSystem } from '../../../live/index.ts'
import { writeValidLogs } from '../../../sim/fuzz/log-mutations/index.ts'
import { repository, temporaryDirectory, trial } from '../trial.ts'

const root = temporaryDirectory()
afterAll(() => rmSync(root, { recursive: true, force: true }))
const logs = join(root, 'logs')
writeValidLogs(new NodeFileSystem(logs))
const LOG = '00000000000000000000.log'

/** A copy of the logs that a test may harm. */
function copyOfLogs(name: string): string {
  const copy = join(root, name)
  cpSync(logs, copy, { recursive: true })
  return copy
}

describe('trial log dump', () => {
  test('prints batches and records worded as by the tool of Kafka', () => {
    const { code, out } = trial('log', 'dump', join(logs, 'plain.2.gzip-0', LOG), '--print-data')
    const lines = out.split('\n')
    expect(code).toBe(0)
    expect(lines[0]).toMatch(/^Dumping .*plain\.2\.gzip-0\/0{20}\.log \(\d+ bytes\)$/)
    expect(lines[1]).toMatch(
      /^baseOffset: 0 lastOffset: 4 count: 5 baseSequence: -1 lastSequence: -1 producerId: -1 producerEpoch: -1 partitionLeaderEpoch: 3 isTransactional: false isControl: false deleteHorizonMs: none position: 0 CreateTime: 1700000000040 size: \d+ magic: 2 compresscodec: gzip crc: \d+ isvalid: true$/,
    )
    expect(lines[2]).toBe(
      '| offset: 0 CreateTime: 1700000000000 keySize: 5 valueSize: 30 sequence: -1 headerKeys: [trace,none] key: key-0 payload: value 0.0 abababababababababab',
    )
    expect(lines[5]).toMatch(/keySize: 5 valueSize: -1 .* payload: null$/)
  })

  test('prints a whole log directory, or one JSON object a line', () => {
    const text = trial('log', 'dump', logs, '--deep').out
    expect(text).toContain(' endTxnMarker: ABORT coordinatorEpoch: 7\n')
    expect(text).toMatch(/^offset: \d+ position: \d+$/m)
    expect(text).toMatch(/^timestamp: \d+ offset: \d+$/m)
    expect(text).toMatch(/^version: 0 producerId: 1000 firstOffset: 0 lastOffset: 10 lastStableOffset: 5$/m)
    expect(text).toMatch(/^epoch: 5 startOffset: 30$/m)
    expect(text).toMatch(/^partition: plain\.0\.none-0 offset: 60$/m)
    const objects = trial('log', 'dump', logs, '--json', '--deep')
      .out.trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string })
    expect([...new Set(objects.map(({ kind }) => kind))].sort()).toEqual([
      'batch',
      'epoch',
      'file',
      'index',
      'offset',
      'producer',
      'property',
      'record',
      'timeindex',
      'transaction',
    ])
  })

  test('ends with 1 where something is damaged, and shows what it can', () => {
    const copy = copyOfLogs('dump-damage')
    const path = join(copy, 'plain.1.none-0', LOG)
    const bytes = readFileSync(path)
    bytes[30]! ^= 1
    writeFileSync(path, bytes.subarray(0, bytes.length - 5))
    const { code, out } = trial('log', 'dump', path)
    expect(code).toBe(1)
    expect(out).toContain('isvalid: false')
    expect(out).toMatch(/problem at byte \d+: an entry of \d+ bytes begins here, but the file holds only \d+ more/)
  })
})

describe('trial log verify', () => {
  test('says that a directory is good', () => {
    const { code, out } = trial('log', 'verify', logs, '--deep')
    expect(code).toBe(0)
    expect(out.trim().split('\n')).toHaveLength(18)
    expect(out).toContain('plain.2.zstd-0: good: 2 segments, 12 batches, 1.9 KiB, offsets 0..60\n')
  })

  test('names file, byte and offset of what is wrong, as text and as JSON', () => {
    const copy = copyOfLogs('verify-damage')
    const path = join(copy, 'plain.0.none-0', LOG)
    const bytes = readFileSync(path)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(path, bytes)
    const text = trial('log', 'verify', copy)
    expect(text.code).toBe(1)
    expect(text.out).toMatch(/plain\.0\.none-0: damaged: 3 segments/)
    expect(text.out).toMatch(/ {2}damage {2}\S*plain\.0\.none-0\/0{20}\.log: byte \d+, offset 24: wrong CRC/)
    const json = trial('log', 'verify', join(copy, 'plain.0.none-0'), '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out)).toMatchObject({
      good: false,
      damage: 1,
      findings: [{ code: 'crc', offset: 24, file: path }],
    })
  })
})

describe('trial log lookup', () => {
  test('tells the search step by step', () => {
    const { code, out } = trial('log', 'lookup', join(logs, 'plain.0.none-0'), '--offset', '36', '--explain')
    expect(code).toBe(0)
    expect(out).toBe(`1. Which segment? 3 segments begin at 0, 25, 50.
     0..2, middle 1: segment 25 is at or below offset 36, so this one or a later one
     2..2, middle 2: segment 50 is above offset 36, so an earlier one
   → segment 25, in which 36 is relative offset 11 (36 - 25)
2. Where to begin? 00000000000000000025.index has 6 entries.
     0..5, middle 2: offset 37 is above offset 36, so an earlier one
     0..1, middle 0: offset 29 is at or below offset 36, so this one or a later one
     1..1, middle 1: offset 33 is at or below offset 36, so this one or a later one
   → entry 1: offset 33 is at byte 448
3. Scan of 00000000000000000025.log from byte 448 for offset 36.
     byte 448: up to offset 33, 31 bytes
     byte 479: up to offset 34, 61 bytes
     byte 540: up to offset 35, 61 bytes
     byte 601: up to offset 36, 56 bytes
   → byte 601: 4 entries, 209 bytes looked at
offset 36: record 0 in the batch at byte 601 of 00000000000000000025.log (56 bytes, up to offset 36), key null, value value 7.1 abababababababababab
`)
  })

  test('finds a time, also in a log directory, as JSON', () => {
    const args = ['log', 'lookup', logs, '--partition', 'plain.2.lz4-0', '--timestamp', '1700000004005']
    const text = trial(...args, '--explain')
    expect(text.code).toBe(0)
    expect(text.out).toContain('The first one that reaches 1700000004005 (2023-11-14T22:13:24.005Z)')
    const { code, out } = trial(...args, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      timestamp: 1700000004005,
      found: { record: { timestamp: expect.any(Number) } },
    })
  })

  test('ends with 1 where there is no such offset', () => {
    const { code, out } = trial('log', 'lookup', join(logs, 'plain.0.none-0'), '--offset', '60')
    expect([code, out]).toEqual([1, 'not found\n'])
  })
})

describe('trial log cat', () => {
  test('prints records as JSON lines, what is no UTF-8 in base64', () => {
    const { code, out } = trial('log', 'cat', join(logs, 'plain.2.snappy-0'), '--from', '10', '--max', '2')
    expect(code).toBe(0)
    const [first, second] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(first).toEqual({
      partition: 'plain.2.snappy-0',
      offset: 10,
      timestamp: 1700000020000,
      key: 'key-0',
      value: 'value 2.0 abababababababababab',
      headers: [
        { key: 'trace', value: '\u0002\u0000' },
        { key: 'none', value: null },
      ],
    })
    expect(second).toMatchObject({ offset: 11, key: null })
  })

  test('ends quietly when nobody reads any more', async () => {
    const child = spawn(process.execPath, [join(repository, 'bin/trial.js'), 'log', 'dump', logs, '--deep'])
    let errors = ''
    child.stderr.on('data', (text) => {
      errors += String(text)
    })
    child.stdout.destroy()
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect([code, errors]).toEqual([0, ''])
  })
})

describe('trial log repair', () => {
  test('shows what recovery would do, and does it only with --apply', () => {
    const copy = copyOfLogs('repair')
    const directory = join(copy, 'plain.2.none-0')
    rmSync(join(copy, '.kafka_cleanshutdown'))
    const last = join(directory, '00000000000000000050.log')
    appendFileSync(last, 'half a batch')
    rmSync(join(directory, '00000000000000000050.index'))
    writeFileSync(join(directory, `${LOG}.deleted`), 'x')
    const before = trial('log', 'verify', directory)
    expect(before.code).toBe(1)
    const dry = trial('log', 'repair', copy)
    expect(dry.code).toBe(1)
    expect(dry.out).toMatch(
      /plain\.2\.none-0: 12 bytes cut off or deleted, offsets 0\.\.60 \(scanned from offset 60 on\)/,
    )
    expect(dry.out).toMatch(/ {2}created {4}\S*00000000000000000050\.index/)
    expect(dry.out).toMatch(/ {2}cut {8}\S*00000000000000000050\.log from (\d+) to (\d+) bytes/)
    expect(dry.out).toMatch(/ {2}removed {4}\S*00000000000000000000\.log\.deleted \(1 bytes\)/)
    expect(dry.out).toContain('nothing was changed: --apply does it')
    expect(trial('log', 'verify', directory).out).toBe(before.out)
    const applied = trial('log', 'repair', copy, '--apply')
    expect(applied.code).toBe(1)
    expect(trial('log', 'verify', copy).code).toBe(0)
    expect(trial('log', 'repair', copy).code).toBe(0)
  })

  test('trusts what was shut down cleanly, unless told to scan all', () => {
    const copy = copyOfLogs('repair-all')
    const path = join(copy, 'plain.2.none-0', LOG)
    const bytes = readFileSync(path)
    bytes[600]! ^= 1
    writeFileSync(path, bytes)
    const trusting = trial('log', 'repair', copy)
    expect(trusting.out).toContain(
      'plain.2.none-0: nothing lost, offsets 0..60 (trusted, for it was shut down cleanly)',
    )
    const all = trial('log', 'repair', join(copy, 'plain.2.none-0'), '--all', '--json')
    expect(all.code).toBe(1)
    const { logs: repaired, applied } = JSON.parse(all.out) as {
      applied: boolean
      logs: Array<{ logEndOffset: number }>
    }
    expect([applied, repaired[0]!.logEndOffset]).toEqual([false, 10])
  })
})

describe('trial log, given what is no log', () => {
  const bad = (...args: string[]) => {
    const { code, out, err } = trial('log', ...args)
    expect(err).not.toContain('bug')
    return { code, text: out + err }
  }

  test('says so: a missing path, a foreign file, an empty directory, a pipe', () => {
    expect(bad('dump', join(root, 'nowhere'))).toEqual({
      code: 2,
      text: `trial: cannot read ${join(root, 'nowhere')}: there is no such file or directory\n`,
    })
    const foreign = join(root, 'notes.txt')
    writeFileSync(foreign, 'dear diary')
    for (const command of ['dump', 'verify', 'cat', 'repair']) expect(bad(command, foreign).code).toBe(2)
    expect(bad('dump', foreign).text).toContain('no file of a log by its name')
    const empty = join(root, 'empty')
    mkdirSync(empty)
    expect(bad('verify', empty)).toMatchObject({ code: 2, text: expect.stringContaining('no log directory') })
    const nested = bad('verify', root)
    expect(nested).toMatchObject({ code: 2, text: expect.stringContaining('but it holds some: ') })
    const pipe = join(root, 'pipe.log')
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
    expect(bad('dump', pipe)).toMatchObject({
      code: 2,
      text: expect.stringContaining('neither a file nor a directory'),
    })
    mkdirSync(join(root, 'piped-0'))
    spawnSync('mkfifo', [join(root, 'piped-0', LOG)])
    expect(bad('verify', join(root, 'piped-0'))).toMatchObject({
      code: 2,
      text: expect.stringContaining('not a regular file'),
    })
  })

  test('says at which byte an empty, foreign, random or huge file stops being a log', () => {
    const directory = join(root, 'garbage-0')
    mkdirSync(directory)
    const path = join(directory, LOG)
    writeFileSync(path, '')
    expect(bad('verify', directory).text).toContain('0 batches, 0 bytes, offsets 0..0')
    writeFileSync(path, 'PK\u0003\u0004 this is an archive, or a picture, and no log at all')
    expect(bad('verify', path)).toMatchObject({
      code: 1,
      text: expect.stringMatching(/damage .*: byte 0: an entry of \d+ bytes begins here/),
    })
    expect(bad('cat', path)).toMatchObject({ code: 1, text: expect.stringContaining(`${path}: byte 0: `) })
    writeFileSync(path, Buffer.alloc(3000, 0xf7))
    expect(bad('dump', path)).toMatchObject({
      code: 1,
      text: expect.stringContaining('problem at byte 0: an entry of impossible size'),
    })
    truncateSync(path, 0)
    truncateSync(path, 20_000_000_000)
    expect(bad('dump', path)).toMatchObject({ code: 1, text: expect.stringContaining('its size field says 0') })
  })

  test('needs options that make sense', () => {
    expect(bad('lookup', logs, '--offset', '1')).toMatchObject({
      code: 2,
      text: expect.stringContaining('say which --partition'),
    })
    expect(bad('lookup', join(logs, 'plain.0.none-0'))).toMatchObject({
      code: 2,
      text: 'trial: give --offset N or --timestamp MS\n',
    })
    expect(bad('lookup', logs, '--partition', 'x-1', '--offset', '1').text).toContain("no partition 'x-1' here")
    expect(bad('cat', logs, '--from', 'soon').code).toBe(2)
  })

  test('says that rights are missing', () => {
    const copy = copyOfLogs('locked')
    chmodSync(join(copy, 'plain.0.none-0'), 0)
    // The superuser may read everything, so somebody else asks. The directory above is private as well.
    const somebody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(repository, 'bin/trial.js'), 'log', 'verify', join(copy, 'plain.0.none-0')],
      { encoding: 'utf8', ...somebody },
    )
    chmodSync(join(copy, 'plain.0.none-0'), 0o755)
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^trial: cannot read .*: permission denied/),
    })
  })

  test('gives examples with --help', () => {
    for (const command of ['dump', 'verify', 'lookup', 'cat', 'repair']) {
      const { code, out } = trial('log', command, '--help')
      expect(code).toBe(0)
      expect(out).toContain(`Examples:\n  trial log ${command} `)
    }
  })
})
