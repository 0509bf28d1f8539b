/**
 * Kafka's own dump tool reads what our scenarios and a random generator leave behind, finds nothing wrong, and sees the
 * records that we see. Damage that we make on purpose is found.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  buildMessageSet,
  type CompressionType,
  type LogFormat,
  logFormat20,
  logFormat21,
  logFormat010,
  logFormat011,
  logFormat080,
  logFormat082,
} from '../../../src/storage/index.ts'
import { StorageHost } from '../../src/storage/support.ts'
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

  test('reads the disks of every scenario of 0.8 without a complaint, and the records that we read', async () => {
    const checks: DumpCheck[] = []
    // Those of later releases play museum pieces; random lives below write all their formats.
    for (const scenario of scenarios.filter(
      (name) => !/^\s*protocol: ["']?(0\.9|0\.1|[1-9])/m.test(readFileSync(join(root, name), 'utf8')),
    )) {
      const data = join(directory, 'scenarios', scenario.replaceAll('/', '-'))
      execFileSync(process.execPath, ['bin/trial.js', 'run', scenario, '--data-dir', data, '--quiet'], { cwd: root })
      for (const broker of readdirSync(data).filter((name) => name.startsWith('broker-'))) {
        const disk = join(data, broker)
        // A broker that was still running, or dead, at the end.
        if (!existsSync(join(disk, '.kafka_cleanshutdown'))) startAndStop(disk, logFormat082)
        for (const partition of partitionsIn(disk)) {
          const check = await checkWithDumpTool(tool('1.1.1'), join(disk, partition))
          expect(check.problems, `${scenario}: ${broker}/${partition}`).toEqual([])
          checks.push(check)
        }
      }
    }
    expect(checks.reduce((sum, { records }) => sum + records, 0)).toBeGreaterThan(1000)
    expect(checks.length).toBeGreaterThan(scenarios.length)
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
    const damaged = (name: string, file: string, change: (bytes: Buffer) => Buffer): string => {
      const host = new StorageHost()
      const manager = ourManager(host, logFormat082, { 'index.interval.bytes': 0 })
      manager.load()
      for (let i = 0; i < 10; i++) {
        const set = buildMessageSet([{ key: null, value: new Uint8Array(20).fill(i) }])
        manager.getOrCreate(PARTITION).append(set, { assignOffsets: true })
      }
      manager.shutdown()
      const disk = join(directory, name)
      toRealFiles(host.files, disk)
      const path = join(disk, PARTITION, file)
      writeFileSync(path, change(readFileSync(path)))
      return join(disk, PARTITION)
    }
    const flipped = (at: number) => (bytes: Buffer) => {
      bytes[at]! ^= 1
      return bytes
    }
    const LOG = '00000000000000000000.log'
    const INDEX = '00000000000000000000.index'
    const cases: ReadonlyArray<readonly [string, string, (bytes: Buffer) => Buffer, RegExp]> = [
      ['nothing', LOG, (bytes) => bytes, /^$/],
      ['a bit of a value', LOG, flipped(60), /isvalid: false/],
      ['an offset', LOG, flipped(7), /followed by|secutive/],
      [
        'a torn tail',
        LOG,
        (bytes) => bytes.subarray(0, bytes.length - 5),
        /invalid bytes at the end|NoSuchElementException/,
      ],
      ['an offset in the index', INDEX, flipped(11), /Mismatches|Index offset/],
      ['a position in the index', INDEX, flipped(15), /Mismatches|Index offset|Exception/],
    ]
    for (const [what, file, change, complaint] of cases) {
      for (const release of ['0.8.2.2', '1.1.1', '3.9.1'] as const) {
        // Where an entry of the index points is only right by the convention of its time.
        if (file === INDEX && release === '3.9.1') continue
        test(`${what} (tool of ${release})`, async () => {
          const partition = damaged(`${what} ${release}`, file, change)
          const found = await checkWithDumpTool(tool(release), partition).catch((error: Error) => ({
            problems: [error.message],
          }))
          expect(found.problems.join('\n')).toMatch(complaint)
        })
      }
    }
  })
})

const partitionsIn = (disk: string): string[] =>
  readdirSync(disk, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
