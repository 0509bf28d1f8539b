/**
 * The directories under test/fixtures/kafka-written are what Kafka writes, and Kafka reads them again after our engine has
 * recovered them and appended to them.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { buildRecords } from '../../../src/storage/index.ts'
import { filesOf, fixtures } from '../../fixtures/kafka-written/fixtures.ts'
import { StorageHost } from '../../src/storage/support.ts'
import { checkWithDumpTool } from './dump-check.ts'
import { KAFKA_MISSING, type KafkaRelease } from './kafka-jars.ts'
import { KafkaJvm } from './kafka-jvm.ts'
import { ourManager, toRealFiles } from './our-disk.ts'

const directory = mkdtempSync(join(tmpdir(), 'kafka-trial-fixtures-'))
const home = join(import.meta.dirname, '../../fixtures/kafka-written')
const jvms = new Map<KafkaRelease, KafkaJvm>()
const PARTITION = 'orders-0'
const LEADER_EPOCH = 9

const tool = (release: KafkaRelease): KafkaJvm => {
  const jvm = jvms.get(release) ?? new KafkaJvm(release)
  jvms.set(release, jvm)
  return jvm
}

describe.skipIf(KAFKA_MISSING !== undefined)('directories that Kafka wrote', () => {
  afterAll(async () => {
    for (const jvm of jvms.values()) await jvm.stop()
    rmSync(directory, { recursive: true })
  })

  test('are what the script beside them makes, byte for byte', () => {
    const again = join(directory, 'again')
    execFileSync('bash', [join(home, 'make.sh'), again])
    const kept = filesBelow(join(home, 'data'))
    expect([...filesBelow(again).keys()]).toEqual([...kept.keys()])
    for (const [path, bytes] of filesBelow(again)) expect(bytes.equals(kept.get(path)!), path).toBe(true)
  }, 300_000)

  for (const fixture of fixtures) {
    test(`${fixture.name}: Kafka reads on where we appended`, async () => {
      const host = new StorageHost()
      host.files = filesOf(fixture, () => host.nowUs)
      const manager = ourManager(host, fixture.format, fixture.config)
      manager.load()
      const log = manager.log(PARTITION)!
      const before = log.logEndOffset
      for (let i = 0; i < 12; i++) {
        const record = {
          key: new Uint8Array([i]),
          value: new Uint8Array(300).fill(i),
          timestamp: 1_700_000_010_000 + i,
        }
        const compression = i % 3 === 0 ? 'gzip' : 'none'
        const records = buildRecords([record], { magic: fixture.format.magic, compression })
        log.append(records, { assignOffsets: true, partitionLeaderEpoch: LEADER_EPOCH })
      }
      manager.shutdown()
      const disk = join(directory, fixture.name)
      toRealFiles(host.files, disk)

      const options = { compacted: fixture.compacted, writtenByKafka: true }
      const { problems, records } = await checkWithDumpTool(tool(fixture.release), join(disk, PARTITION), options)
      expect(problems).toEqual([])
      expect(records).toBeGreaterThan(12)

      const jvm = tool(fixture.release)
      await jvm.open(disk, host.nowUs / 1000, fixture.kafkaConfig)
      const state = (await jvm.logs()).find(({ partition }) => partition === PARTITION)!
      await jvm.command('close')
      expect(state.endOffset).toBe(before + 12)
      expect(state.segments).toEqual(log.segments.map(({ baseOffset }) => baseOffset))
      expect(state.startOffset).toBe(log.logStartOffset)
      const after = await checkWithDumpTool(jvm, join(disk, PARTITION), options)
      expect(after).toMatchObject({ problems: [], records })
    })
  }
})

function filesBelow(root: string): Map<string, Buffer> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
  return new Map(
    names.filter((name) => statSync(join(root, name)).isFile()).map((name) => [name, readFileSync(join(root, name))]),
  )
}
