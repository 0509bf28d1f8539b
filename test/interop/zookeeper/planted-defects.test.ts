/**
 * The comparison finds a wrong rule when there is one: each planted here for the length of a test. What fast-check leaves
 * of the sequence must show the defect and little else.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WatchTable } from '../../../src/zookeeper/server/watch-table.ts'
import type * as paths from '../../../src/zookeeper/tree/path.ts'
import { Disagreement } from './comparison.ts'
import { Coverage } from './coverage.ts'
import { runDifferential } from './differential-run.ts'
import { RealServer, ZOOKEEPER_MISSING } from './real-server.ts'
import { REAL_SERVER_OPTIONS } from './real-side.ts'

const SEQUENCES = 300

const planted = vi.hoisted(() => ({ suffixFrom: 0 }))

vi.mock('../../../src/zookeeper/tree/path.ts', async (importOriginal) => {
  const original = await importOriginal<typeof paths>()
  return {
    ...original,
    sequentialSuffix: (count: number) => original.sequentialSuffix(count + planted.suffixFrom),
  }
})

describe.skipIf(ZOOKEEPER_MISSING !== undefined)('the comparison with the real ZooKeeper finds', () => {
  let server: RealServer
  beforeAll(async () => {
    server = await RealServer.start(REAL_SERVER_OPTIONS)
  }, 120_000)
  afterAll(() => server?.stop())

  /** The report of the disagreement; fails if there is none. */
  async function disagreement(): Promise<string> {
    const failure = await runDifferential(server, { sequences: SEQUENCES, seed: 7, coverage: new Coverage() }).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(Disagreement)
    const { message } = failure as Disagreement
    console.log(message)
    return message
  }

  test('a child watch that is told of changed children when its own node goes', async () => {
    const { nodeDeleted } = WatchTable.prototype
    const rule = vi.spyOn(WatchTable.prototype, 'nodeDeleted').mockImplementation(function (
      this: WatchTable<object>,
      path,
    ) {
      this.childrenChanged(path)
      nodeDeleted.call(this, path)
    })
    try {
      expect(await disagreement()).toMatch(/! .*event NodeDeleted/)
    } finally {
      rule.mockRestore()
    }
  })

  test('a sequence number that counts from one', async () => {
    planted.suffixFrom = 1
    try {
      const [, real, ours] = /! .*(\d{10}).*\|.*(\d{10})/.exec(await disagreement()) ?? []
      expect(Number(ours)).toBe(Number(real) + 1)
    } finally {
      planted.suffixFrom = 0
    }
  })
})
