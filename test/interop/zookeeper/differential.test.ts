/** Our ZooKeeper answers as the real one does (Debian's package `zookeeper`), whatever clients ask of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Coverage, describeCoverage } from './coverage.ts'
import { runDifferential } from './differential-run.ts'
import { RealServer, ZOOKEEPER_MISSING } from './real-server.ts'
import { REAL_SERVER_OPTIONS } from './real-side.ts'

const SEQUENCES = 300

describe.skipIf(ZOOKEEPER_MISSING !== undefined)('our ZooKeeper beside the real one', () => {
  let server: RealServer
  beforeAll(async () => {
    server = await RealServer.start(REAL_SERVER_OPTIONS)
  }, 120_000)
  afterAll(() => server?.stop())

  test(`gives the same answers, Stats, names and watch events for ${SEQUENCES} sequences of three clients`, async () => {
    const coverage = new Coverage()
    await runDifferential(server, { sequences: SEQUENCES, seed: 20_261_017, coverage })
    const report = coverage.report()
    console.log(describeCoverage(report))
    expect(report.sequences).toBe(SEQUENCES)
    expect(report.missing).toEqual([])
  })
})
