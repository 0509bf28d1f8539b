/** Directories that a real Kafka wrote are read, verified, recovered and appended to. */
import { describe, expect, it } from 'vitest'
import { type FileSystem, readFile } from '../../../src/host/index.ts'
import { batchesOf, buildRecords, type LogManager, type LogRecord } from '../../../src/storage/index.ts'
import { Findings, readLogDirectory, verifyLogDirectory } from '../../../src/storage/inspect/index.ts'
import { dumpOf, type Fixture, filesOf, fixtures } from '../../fixtures/kafka-written/fixtures.ts'
import type { DumpedRecord } from '../../interop/kafka/dump-output.ts'
import { ourManager } from '../../interop/kafka/our-disk.ts'
import { indexEntries, recordsIn, timeIndexEntries } from '../../interop/kafka/our-reading.ts'
import { copyFiles, StorageHost } from './support.ts'

const PARTITION = 'orders-0'

function hostOf(fixture: Fixture): StorageHost {
  const host = new StorageHost()
  host.files = filesOf(fixture, () => host.nowUs)
  return host
}

function started(host: StorageHost, fixture: Fixture): LogManager {
  const manager = ourManager(host, fixture.format, fixture.config)
  manager.load()
  return manager
}

/** What the tool printed of a partition, in order of offsets. */
const dumpedRecords = (fixture: Fixture, partition: string): DumpedRecord[] =>
  [...dumpOf(fixture)]
    .filter(([path]) => path.startsWith(`${partition}/`) && path.endsWith('.log'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, { records }]) => records)

const endOf = (records: readonly DumpedRecord[]): number => (records.at(-1)?.offset ?? -1) + 1

/** What the tool does not print is not compared. */
function asDumped(ours: readonly DumpedRecord[], dumped: readonly DumpedRecord[]): DumpedRecord[] {
  return ours.map(({ offset, position, key, value, timestamp }, i) => ({
    offset,
    position,
    key: dumped[i]?.key === undefined ? undefined : key,
    value,
    timestamp: dumped[i]?.timestamp === undefined ? undefined : timestamp,
  }))
}

const recordsOfLog = (files: FileSystem, partition: string): DumpedRecord[] =>
  files
    .list(partition)
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) => recordsIn(readFile(files, `${partition}/${name}`)))

describe.each(fixtures.filter(({ wasShutDown }) => wasShutDown))('what Kafka wrote and closed: $name', (fixture) => {
  it('is read as Kafka itself reads it, file by file', () => {
    const { files } = hostOf(fixture)
    const dumped = dumpOf(fixture)
    expect(dumped.size).toBeGreaterThan(4)
    for (const [path, { name, records, entries }] of dumped) {
      const bytes = readFile(files, path)
      if (name.endsWith('.log')) {
        expect(asDumped(recordsIn(bytes), records), path).toEqual(records)
        for (const batch of batchesOf(bytes)) expect(batch.isCrcValid).toBe(true)
      } else if (name.endsWith('.index')) expect(indexEntries(bytes, name), path).toEqual(entries)
      else if (name.endsWith('.timeindex')) expect(timeIndexEntries(bytes, name), path).toEqual(entries)
    }
  })
})

describe.each(fixtures)('what Kafka wrote: $name', (fixture) => {
  it('is found in order by our verification, apart from what was torn', () => {
    const { files } = hostOf(fixture)
    const findings = new Findings()
    const options = { deep: true, compacted: fixture.compacted }
    verifyLogDirectory(files, readLogDirectory(files, ''), options, findings, {
      partition: () => {},
      unreadable: (_, error) => expect.unreachable(error.message),
    })
    const damage = findings.all.filter(({ severity }) => severity === 'damage')
    if (fixture.wasShutDown) expect(damage).toEqual([])
    else expect(damage.map(({ code }) => code)).toContain('cut')
  })

  it('is started with the records that Kafka starts with, and goes on from there', () => {
    const host = hostOf(fixture)
    const manager = started(host, fixture)
    const dumped = dumpedRecords(fixture, PARTITION)
    const log = manager.log(PARTITION)!
    const { magic } = fixture.format
    expect(log.logEndOffset).toBe(endOf(dumped))
    expect(asDumped(recordsOfLog(host.files, PARTITION), dumped)).toEqual(dumped)
    expect(log.messages(0, Number.MAX_SAFE_INTEGER).map(({ offset }) => offset)).toEqual(
      dumped.map(({ offset }) => offset),
    )

    const added = [1, 2, 3].map((byte) => ({ key: new Uint8Array([byte]), value: new Uint8Array(400).fill(byte) }))
    for (const record of added) {
      log.append(buildRecords([record], { magic, compression: 'gzip' }), {
        assignOffsets: true,
        partitionLeaderEpoch: 9,
      })
    }
    const before: LogRecord[] = log.messages(0, Number.MAX_SAFE_INTEGER)
    expect(before.slice(dumped.length).map(({ offset }) => offset)).toEqual(added.map((_, i) => endOf(dumped) + i))

    for (const clean of [true, false]) {
      if (clean) manager.shutdown()
      const again = new StorageHost()
      again.nowUs = host.nowUs
      copyFiles(host.files, again.files)
      if (!clean) again.files.removeFile('.kafka_cleanshutdown')
      expect(started(again, fixture).log(PARTITION)!.messages(0, Number.MAX_SAFE_INTEGER)).toEqual(before)
    }
  })
})
