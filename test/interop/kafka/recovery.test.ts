/**
 * A broker that starts on torn and corrupted directories: Kafka's log layer and ours keep the same records, and write the
 * same files.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TopicConfig } from '../../../src/config/index.ts'
import { releaseLogFormat } from '../../../src/server/release-log-format.ts'
import { buildMessageSet, buildRecords, type CompressionType } from '../../../src/storage/index.ts'
import { presets } from '../../../src/versions.ts'
import { topicConfigWith } from '../../src/storage/support.ts'
import { differencesOf, kafkaStarts, weStart } from './both-start.ts'
import { damage, inflict } from './damage.ts'
import { excuseFor } from './excuses.ts'
import { KAFKA_MISSING, type KafkaRelease } from './kafka-jars.ts'
import { KafkaJvm } from './kafka-jvm.ts'
import { lifeOf, PARTITION, play } from './random-directory.ts'

const SEED = 4
/** Kafka syncs a lot, and no power goes here: files in memory where there are some. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
/** Random files meet every choice of ours now and then. */
const EXCUSED_SHARE = 0.1
/** A failure is made small for so long at most. */
const SHRINK_MS = 60_000

interface Era {
  readonly release: KafkaRelease
  readonly preset: keyof typeof presets
  readonly settings: Partial<TopicConfig>
  readonly codecs: readonly CompressionType[]
  readonly runs: number
}

const codecs: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4']
const eras: readonly Era[] = [
  { release: '0.8.2.2', preset: '0.8.2', settings: {}, codecs, runs: 300 },
  { release: '1.1.1', preset: '1.1', settings: { 'message.format.version': '0.10.2' }, codecs, runs: 150 },
  { release: '1.1.1', preset: '1.1', settings: {}, codecs, runs: 200 },
  { release: '2.4.1', preset: '2.4', settings: {}, codecs: [...codecs, 'zstd'], runs: 200 },
]

for (const { release, preset, settings, codecs, runs } of eras) {
  const format = releaseLogFormat(presets[preset], topicConfigWith(settings))
  const directory = mkdtempSync(join(SCRATCH, 'kafka-trial-recovery-'))
  const title = `a start on damaged files of format ${format.magic}, beside Kafka ${release}`
  describe.skipIf(KAFKA_MISSING !== undefined)(title, () => {
    let jvm: KafkaJvm
    beforeAll(() => {
      jvm = new KafkaJvm(release)
    }, 120_000)
    afterAll(async () => {
      await jvm?.stop()
      rmSync(directory, { recursive: true, force: true })
    })

    test(`ends the same for ${runs} random directories`, async () => {
      const outcomes = { started: 0, refused: 0, excused: 0 }
      const ends = fc.constantFrom('shutdown' as const, 'kill' as const)
      const property = fc.asyncProperty(
        lifeOf(format, codecs),
        ends,
        fc.array(damage, { maxLength: 3 }),
        async (life, end, damages) => {
          const host = play(life, format, end)
          const done = damages.map((one) => inflict(host.files, one))
          const record = { key: null, value: new Uint8Array(30) }
          const records =
            format.magic === 0 ? buildMessageSet([record]) : buildRecords([record], { magic: format.magic })
          const start = { format, config: { ...life.config, ...settings }, append: { partition: PARTITION, records } }
          const kafka = await kafkaStarts(jvm, host.files, join(directory, 'data'), host.nowUs / 1000, start)
          const ours = weStart(host.files, host.nowUs, start)
          const differences = differencesOf(kafka, ours)
          if (differences.length > 0 && excuseFor(host.files, PARTITION, kafka, ours) !== undefined) {
            outcomes.excused++
            return
          }
          expect(differences, [end, ...done].join('; ')).toEqual([])
          outcomes[kafka.refusal === undefined ? 'started' : 'refused']++
        },
      )
      await fc.assert(property, { numRuns: runs, seed: SEED, interruptAfterTimeLimit: SHRINK_MS })
      expect(outcomes.started).toBeGreaterThan(runs / 2)
      expect(outcomes.refused).toBeGreaterThan(0)
      expect(outcomes.excused).toBeLessThan(runs * EXCUSED_SHARE)
    })
  })
}
