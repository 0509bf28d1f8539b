/**
 * Markers of transactions that are whole by their CRC, but say nothing: what a broker does that meets one as it starts after
 * an unclean stop.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/host/index.ts'
import {
  buildRecords,
  buildTransactionMarker,
  type LogFormat,
  logFormat11,
  logFormat24,
} from '../../../src/storage/index.ts'
import { writeBatchCrc } from '../../../src/storage/record/batch-header.ts'
import { BATCH_ATTRIBUTES_AT, BATCH_OVERHEAD } from '../../../src/storage/record/layout.ts'
import { rewrite, StorageHost } from '../../src/storage/support.ts'
import { differencesOf, kafkaStarts, weStart } from './both-start.ts'
import { KAFKA_MISSING, type KafkaRelease } from './kafka-jars.ts'
import { KafkaJvm } from './kafka-jvm.ts'
import { ourManager } from './our-disk.ts'
import { PARTITION } from './random-directory.ts'

const T = 1_700_000_000_000
const GZIP = 1
/** Of the record: length, attributes, time and offset, a byte each; then the length of the key. */
const KEY_LENGTH_AT = BATCH_OVERHEAD + 4

const damages: ReadonlyArray<readonly [string, (batch: Uint8Array) => void]> = [
  ['without a key', (batch) => void (batch[KEY_LENGTH_AT] = 1)],
  ['that is said to be compressed', (batch) => void (batch[BATCH_ATTRIBUTES_AT + 1]! |= GZIP)],
]
const eras: ReadonlyArray<readonly [KafkaRelease, LogFormat]> = [
  ['1.1.1', logFormat11],
  ['2.4.1', logFormat24],
]

/** Data, a marker that is damaged, and `after` more batches, as a kill leaves them. */
function written(format: LogFormat, damage: (batch: Uint8Array) => void, after: number): StorageHost {
  const host = new StorageHost()
  const manager = ourManager(host, format)
  const log = manager.getOrCreate(PARTITION)
  const origin = { producerId: 7, producerEpoch: 0, partitionLeaderEpoch: 0 }
  const data = (baseSequence: number): void => {
    const record = { timestamp: T, key: null, value: utf8('v') }
    const transactional = { magic: 2, baseOffset: log.logEndOffset, baseSequence, isTransactional: true } as const
    log.append(buildRecords([record], { ...origin, ...transactional }), { assignOffsets: false })
  }
  data(0)
  const from = log.size
  const marker = { type: 'abort', coordinatorEpoch: 0, timestamp: T, baseOffset: log.logEndOffset } as const
  log.append(buildTransactionMarker({ ...origin, ...marker }), { assignOffsets: false })
  const to = log.size
  for (let sequence = 1; sequence <= after; sequence++) data(sequence)
  rewrite(host.files, `${PARTITION}/${'0'.repeat(20)}.log`, (bytes) => {
    const batch = bytes.slice(from, to)
    damage(batch)
    writeBatchCrc(batch, 0, batch.length)
    bytes.set(batch, from)
    return bytes
  })
  return host
}

describe.skipIf(KAFKA_MISSING !== undefined).each(eras)(
  'a start of Kafka %s that meets a marker',
  (release, format) => {
    const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kafka-trial-markers-'))
    let jvm: KafkaJvm
    beforeAll(() => {
      jvm = new KafkaJvm(release)
    }, 120_000)
    afterAll(async () => {
      await jvm?.stop()
      rmSync(directory, { recursive: true, force: true })
    })

    test.each(damages)('%s ends like one of ours', async (_, damage) => {
      for (const after of [0, 2]) {
        const { files, nowUs } = written(format, damage, after)
        const start = { format, config: {} }
        const kafka = await kafkaStarts(jvm, files, join(directory, 'data'), nowUs / 1000, start)
        expect(kafka.refusal).toBeDefined()
        expect(differencesOf(kafka, weStart(files, nowUs, start)), `${after} batches behind it`).toEqual([])
      }
    })
  },
)
