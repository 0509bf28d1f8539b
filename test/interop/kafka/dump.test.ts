/**
 * Kafka's own dump tool reads what our scenarios and a random generator leave behind, finds nothing wrong, and sees the
 * records that we see. Damage that we make on purpose is found.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { releaseLogFormat } from '../../../src/server/release-log-format.ts'
import {
  buildRecords,
  buildTransactionMarker,
  type CompressionType,
  type LogFormat,
  logFormat20,
  logFormat21,
  logFormat010,
  logFormat011,
  logFormat080,
  logFormat082,
  type NewRecord,
} from '../../../src/storage/index.ts'
import { presets } from '../../../src/versions.ts'
import { StorageHost, topicConfigWith } from '../../src/storage/support.ts'
import { checkWithDumpTool, type DumpCheck } from './dump-check.ts'
import { KAFKA_MISSING, type KafkaRelease } from './kafka-jars.ts'
import { KafkaJvm } from './kafka-jvm.ts'
import { ourManager, startAndStop, toRealFiles } from './our-disk.ts'
import { lifeOf, PARTITION, play } from './random-directory.ts'

const root = join(import.meta.dirname, '../../..')
const scenarios = readdirSync(join(root, 'scenarios'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => `scenarios/${name}`)
  .sort()
const directory = mkdtempSync(join(tmpdir(), 'kafka-trial-dump-'))
const jvms = new Map<KafkaRelease, KafkaJvm>()
const SEED = 4
const RUNS = 80
/** A failure is made small for so long at most. */
const SHRINK_MS = 60_000

interface Era {
  readonly name: string
  readonly format: LogFormat
  readonly codecs: readonly CompressionType[]
  /** Tools that know the index convention of the release. */
  readonly tools: readonly KafkaRelease[]
}

const eras: readonly Era[] = [
  { name: '0.8.0', format: logFormat080, codecs: ['none', 'gzip', 'snappy'], tools: ['0.8.2.2', '1.1.1'] },
  { name: '0.8.2', format: logFormat082, codecs: ['none', 'gzip', 'snappy', 'lz4'], tools: ['0.8.2.2', '1.1.1'] },
  { name: '0.10', format: logFormat010, codecs: ['none', 'gzip', 'snappy', 'lz4'], tools: ['1.1.1'] },
  { name: '0.11', format: logFormat011, codecs: ['none', 'gzip', 'snappy', 'lz4'], tools: ['1.1.1'] },
  { name: '2.0', format: logFormat20, codecs: ['none', 'gzip', 'snappy', 'lz4'], tools: ['2.4.1', '3.9.1'] },
  { name: '2.1', format: logFormat21, codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'], tools: ['2.4.1', '3.9.1'] },
]

type Preset = keyof typeof presets

const laterPresets = (Object.keys(presets) as Preset[]).filter((name) => !name.startsWith('0.8'))

/** The preset that a scenario names; otherwise that of the language. */
const presetOf = (scenario: string): Preset => {
  const named = /^\s*protocol: ["']?([\d.]+)/m.exec(readFileSync(join(root, scenario), 'utf8'))?.[1]
  return (named ?? '0.8.2') as Preset
}

/** The tool that knows the index convention of a preset, of its time or the next one that there is. */
function toolOf(preset: Preset): KafkaRelease {
  if (presets[preset].indexEntries === 'first-offset') return '1.1.1'
  return preset.startsWith('2.') ? '2.4.1' : '3.9.1'
}

const tool = (release: KafkaRelease): KafkaJvm => {
  const jvm = jvms.get(release) ?? new KafkaJvm(release)
  jvms.set(release, jvm)
  return jvm
}

describe.skipIf(KAFKA_MISSING !== undefined)('DumpLogSegments', () => {
  beforeAll(() => {
    for (const release of ['0.8.2.2', '1.1.1', '2.4.1', '3.9.1'] as const) tool(release)
  }, 120_000)
  afterAll(async () => {
    for (const jvm of jvms.values()) await jvm.stop()
    rmSync(directory, { recursive: true })
  })

  test('reads the disks of every scenario without a complaint, and the records that we read', async () => {
    let records = 0
    let partitions = 0
    for (const scenario of scenarios) {
      const left = leftBy(scenario, presetOf(scenario))!
      const checks = await checksOf(left)
      records += checks.reduce((sum, check) => sum + check.records, 0)
      partitions += checks.length
    }
    expect(records).toBeGreaterThan(1000)
    expect(partitions).toBeGreaterThan(scenarios.length)
  })

  test('reads the disks that scenarios leave under the presets of all later releases', async () => {
    const seen = new Map<Preset, number>()
    let timeIndexEntries = 0
    for (const [i, scenario] of scenarios.filter((name) => presetOf(name) === '0.8.2').entries()) {
      // Each under another one; a few say what that release does not know.
      const left = leftBy(scenario, laterPresets[i % laterPresets.length]!)
      if (left === undefined) continue
      for (const check of await checksOf(left)) {
        seen.set(left.preset, (seen.get(left.preset) ?? 0) + check.records)
        timeIndexEntries += check.timeIndexEntries
      }
    }
    expect([...seen].filter(([, records]) => records > 0).map(([preset]) => preset)).toEqual(laterPresets)
    expect(timeIndexEntries).toBeGreaterThan(laterPresets.length)
  })

  for (const { name, format, codecs, tools } of eras) {
    test(`reads random logs of a broker of ${name} (tools of ${tools.join(', ')})`, async () => {
      let records = 0
      let indexEntries = 0
      let run = 0
      const life = fc.asyncProperty(lifeOf(format, codecs), async (life) => {
        const disk = join(directory, `${name}-${run++}`)
        toRealFiles(play(life, format).files, disk)
        for (const release of tools) {
          for (const partition of partitionsIn(disk)) {
            const check = await checkWithDumpTool(tool(release), join(disk, partition))
            expect(check.problems, `tool of ${release}`).toEqual([])
            records += check.records
            indexEntries += check.indexEntries
          }
        }
        rmSync(disk, { recursive: true })
      })
      await fc.assert(life, { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: SHRINK_MS })
      expect(records).toBeGreaterThan(1000)
      expect(indexEntries).toBeGreaterThan(100)
    })
  }

  describe('finds what was damaged on purpose:', () => {
    for (const { name, format, tools } of eras) {
      const inMagic2 = format.magic === 2
      for (const [what, file, change, complaint] of damages(inMagic2)) {
        if (file === TIME_INDEX && format.segmentFiles === 'offset-index') continue
        for (const release of tools) {
          // Its tool has no sanity check.
          if (what === 'half an entry of the index' && release === '0.8.2.2') continue
          test(`${what}, of ${name} (tool of ${release})`, async () => {
            const disk = join(directory, `${what} ${name} ${release}`)
            smallLog(disk, format)
            const path = join(disk, PARTITION, file)
            writeFileSync(path, change(readFileSync(path)))
            const found = await checkWithDumpTool(tool(release), join(disk, PARTITION)).catch((error: Error) => ({
              problems: [error.message],
            }))
            expect(found.problems.join('\n')).toMatch(complaint)
          })
        }
      }
    }
  })
})

interface Left {
  readonly scenario: string
  readonly preset: Preset
  readonly data: string
}

/** Plays a scenario on real files; undefined if it does not suit the preset. */
function leftBy(scenario: string, preset: Preset): Left | undefined {
  const data = join(directory, 'scenarios', `${scenario.replaceAll('/', '-')}-${preset}`)
  const command = ['bin/trial.js', 'run', scenario, '--protocol', preset, '--data-dir', data, '--quiet']
  const { status, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' })
  if (preset === presetOf(scenario)) expect(status, stderr).toBe(0)
  // Another release need not keep what the scenario expects of its own.
  expect([0, 1, 2], `${scenario} under ${preset}: ${stderr}`).toContain(status)
  return status === 2 ? undefined : { scenario, preset, data }
}

async function checksOf({ scenario, preset, data }: Left): Promise<DumpCheck[]> {
  const checks: DumpCheck[] = []
  const format = releaseLogFormat(presets[preset], topicConfigWith())
  const compacted = readFileSync(join(root, scenario), 'utf8').includes('cleanup.policy')
  for (const broker of readdirSync(data).filter((name) => name.startsWith('broker-'))) {
    const disk = join(data, broker)
    // Bits that turned below the recovery point, which a start would trust: it shall scan all.
    if (scenario.includes('bit-rot')) {
      for (const name of ['.kafka_cleanshutdown', RECOVERY_POINTS]) rmSync(join(disk, name), { force: true })
    }
    // A broker that was still running, or dead, at the end.
    if (!existsSync(join(disk, '.kafka_cleanshutdown'))) startAndStop(disk, format)
    for (const partition of partitionsIn(disk)) {
      const check = await checkWithDumpTool(tool(toolOf(preset)), join(disk, partition), { compacted })
      expect(check.problems, `${scenario} under ${preset}: ${broker}/${partition}`).toEqual([])
      checks.push(check)
    }
  }
  rmSync(data, { recursive: true })
  return checks
}

const RECOVERY_POINTS = 'recovery-point-offset-checkpoint'
const LOG = '00000000000000000000.log'
const INDEX = '00000000000000000000.index'
const TIME_INDEX = '00000000000000000000.timeindex'
const MESSAGES = 10
const TRANSACTION_INDEX = '00000000000000000000.txnindex'
/** Behind the messages, one that was aborted, and its marker. */
const SNAPSHOT = `${String(MESSAGES + 2).padStart(20, '0')}.snapshot`

/** A partition shut down in order, an index entry for each message; format 2 brings producers and an aborted transaction. */
function smallLog(disk: string, format: LogFormat): void {
  const host = new StorageHost()
  const manager = ourManager(host, format, { 'index.interval.bytes': 0 })
  manager.load()
  const log = manager.getOrCreate(PARTITION)
  const timestamp = 1_700_000_000_000
  const recordOf = (i: number): NewRecord => {
    return { key: null, value: new Uint8Array(20).fill(i), timestamp: timestamp + 1000 * i }
  }
  for (let i = 0; i < MESSAGES; i++) {
    const origin = format.magic === 2 ? { producerId: 7, producerEpoch: 0, baseSequence: i } : {}
    const records = buildRecords([recordOf(i)], { magic: format.magic, ...origin })
    log.append(records, { assignOffsets: true, partitionLeaderEpoch: 0 })
  }
  if (format.magic === 2) {
    const producer = { producerId: 8, producerEpoch: 0 }
    const origin = { ...producer, baseSequence: 0, isTransactional: true }
    const records = buildRecords([recordOf(MESSAGES)], { magic: 2, ...origin })
    log.append(records, { assignOffsets: true, partitionLeaderEpoch: 0 })
    const options = { ...producer, coordinatorEpoch: 0, timestamp: timestamp + 1000 * MESSAGES }
    const marker = buildTransactionMarker({ type: 'abort', ...options })
    log.append(marker, { assignOffsets: true, partitionLeaderEpoch: 0, origin: 'coordinator' })
  }
  manager.shutdown()
  toRealFiles(host.files, disk)
}

/** What is damaged, in which file, how, and what the tool says of it. */
function damages(inMagic2: boolean): ReadonlyArray<readonly [string, string, (bytes: Buffer) => Buffer, RegExp]> {
  const flipped = (at: number) => (bytes: Buffer) => {
    bytes[at]! ^= 1
    return bytes
  }
  const torn = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 5)
  const misplaced = /Mismatches|Index offset|Exception/
  return [
    ['nothing', LOG, (bytes) => bytes, /^$/],
    // Of the first message, behind a header that is longer in format 2.
    ['a bit of a value', LOG, flipped(inMagic2 ? 80 : 45), /isvalid: false/],
    ['an offset', LOG, flipped(7), /followed by|secutive/],
    ['a torn tail', LOG, torn, /invalid bytes at the end|NoSuchElementException/],
    ['an offset in the index', INDEX, flipped(11), misplaced],
    ['a position in the index', INDEX, flipped(15), misplaced],
    ['half an entry of the index', INDEX, torn, /CorruptIndexException|corrupt|multiple of|require/i],
    ['a timestamp in the time index', TIME_INDEX, flipped(7), /timestamp mismatch|Index timestamp/],
    ['an offset in the time index', TIME_INDEX, flipped(23), /not found in the log|Indexed offset|timestamp/],
    ...(inMagic2
      ? ([
          ['a bit of a snapshot', SNAPSHOT, flipped(30), /corrupt|CRC/i],
          // The tool reads one of its two bytes.
          ['the version of an aborted transaction', TRANSACTION_INDEX, flipped(0), /version/i],
        ] as const)
      : []),
  ]
}

const partitionsIn = (disk: string): string[] =>
  readdirSync(disk, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
