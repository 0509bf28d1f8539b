/**
 * A broker that starts on torn and corrupted directories: Kafka's log layer and ours keep the same records, and write the
 * same files.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildMessageSet, buildRecords, type LogFormat, logFormat082 } from '../../../src/storage/index.ts'
import { differencesOf, kafkaStarts, weStart } from './both-start.ts'
import { damage, inflict } from './damage.ts'
import { excuseFor } from './excuses.ts'
import { KAFKA_MISSING, type KafkaRelease } from './kafka-jars.ts'
import { KafkaJvm } from './kafka-jvm.ts'
import { lifeOf, PARTITION, play } from './random-directory.ts'

const directory = mkdtempSync(join(tmpdir(), 'kafka-trial-recovery-'))
const SEED = 4
const RUNS = 300
/** Random files meet every choice of ours now and then. */
const EXCUSED_MAX = RUNS / 10
/** A failure is made small for so long at most. */
const SHRINK_MS = 60_000

const eras: ReadonlyArray<{ readonly release: KafkaRelease; readonly format: LogFormat }> = [
  { release: '0.8.2.2', format: logFormat082 },
]

for (const { release, format } of eras) {
  describe.skipIf(KAFKA_MISSING !== undefined)(`a start on damaged files, beside Kafka ${release}`, () => {
    let jvm: KafkaJvm
    beforeAll(() => {
      jvm = new KafkaJvm(release)
    }, 120_000)
    afterAll(async () => {
      await jvm?.stop()
      rmSync(directory, { recursive: true, force: true })
    })

    test(`ends the same for ${RUNS} random directories`, async () => {
      const outcomes = { started: 0, refused: 0, excused: 0 }
      const ends = fc.constantFrom('shutdown' as const, 'kill' as const)
      const property = fc.asyncProperty(
        lifeOf(format, ['none', 'gzip', 'snappy', 'lz4']),
        ends,
        fc.array(damage, { maxLength: 3 }),
        async (life, end, damages) => {
          const host = play(life, format, end)
          const done = damages.map((one) => inflict(host.files, one))
          const record = { key: null, value: new Uint8Array(30) }
          const records =
            format.magic === 0 ? buildMessageSet([record]) : buildRecords([record], { magic: format.magic })
          const start = { format, config: life.config, append: { partition: PARTITION, records } }
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
      await fc.assert(property, { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: SHRINK_MS })
      expect(outcomes.started).toBeGreaterThan(RUNS / 2)
      expect(outcomes.refused).toBeGreaterThan(0)
      expect(outcomes.excused).toBeLessThan(EXCUSED_MAX)
    })
  })
}
