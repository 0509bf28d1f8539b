// `trial zk`: the tree of ZooKeeper at a virtual time, as committed and as each server holds it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { committed, ownCopy } from '../../cli/zk.ts'
import { parseScenario } from '../../sim/scenario/language/index.ts'
import { ScenarioRun } from '../../sim/scenario/runner/index.ts'
import type { TreeNode } from '../../sim/view/index.ts'
import { repository, scenarioFile, trial } from './trial.ts'

const stale = 'scenarios/zookeeper/stale-follower-read-and-sync.yaml'
const kafka = 'scenarios/teach/three-message-loss.yaml'

interface Tree {
  readonly server: string | null
  readonly lastZxid: string
  readonly lastCommitted: string
  readonly nodes: ReadonlyArray<{ readonly path: string; readonly data: string } & Record<string, unknown>>
}

function treeOf(...args: string[]): Tree {
  const { code, out, err } = trial('zk', ...args, '--json')
  expect(err).toBe('')
  expect(code).toBe(0)
  return JSON.parse(out)
}

/** A story with nodes of every kind, changed, deleted, and lost with their session. */
const changing = `scenario: 1
ends: 30s
cluster: { zookeeper: 3, brokers: 0 }
clients:
  c1: { zookeeper: plain }
  c2: { zookeeper: plain }
steps:
  - zk:
      - { by: c1, create: /a, data: "{\\"x\\": 1}" }
      - { by: c1, create: /a/b, data: 中文 }
      - { by: c1, create: /a/n-, mode: persistent-sequential }
      - { by: c1, setData: /a, data: changed }
      - { by: c1, delete: /a/b }
      - { by: c1, create: /a/lock, mode: ephemeral, name: lock }
      - { by: c2, create: /mine, data: c2, mode: ephemeral, name: mine }
  - when: [{ operation: lock, is: OK }, { operation: mine, is: OK }]
    crash: c1
  - when: { znode: /a/lock, exists: false }
    within: 12s
`

describe('trial zk', () => {
  it('draws the tree with versions, owners and data', () => {
    const { code, out } = trial('zk', scenarioFile(changing), '--at', '4s')
    expect(code).toBe(0)
    expect(out.replaceAll(/0x[0-9a-f]{16}/g, 'SESSION')).toMatchInlineSnapshot(`
      "ZooKeeper at 4.000 s, as committed, up to transaction 1:9
      /
      ├─ a  v1  "changed"
      │  ├─ lock  v0  ephemeral of c1 (session SESSION)
      │  └─ n-0000000001
      ├─ mine  v0  ephemeral of c2 (session SESSION)  "c2"
      └─ zookeeper
         └─ quota
      "
    `)
  })

  it('begins at the node that is asked for', () => {
    const { out } = trial('zk', kafka, '/brokers/ids', '--at', '5s')
    expect(out.split('\n').map((line) => line.slice(0, 8))).toEqual([
      'ZooKeepe',
      '/brokers',
      '├─ 1  v0',
      '├─ 2  v0',
      '└─ 3  v0',
      '',
    ])
    expect(treeOf(kafka, '/brokers/ids', '--at', '5s').nodes.map(({ path }) => path)).toEqual([
      '/brokers/ids',
      '/brokers/ids/1',
      '/brokers/ids/2',
      '/brokers/ids/3',
    ])
  })

  it('shows what is committed, or what one server holds, which may be old', () => {
    const price = (...args: string[]): unknown => treeOf(stale, '/price', '--at', '2.5s', ...args).nodes[0]!.data
    expect(price()).toBe('20')
    expect(price('--server', 'zk3')).toBe('20')
    expect(price('--server', 'zk1')).toBe('10')
    const { out } = trial('zk', stale, '--at', '2.5s', '--server', 'zk1')
    expect(out).toMatch(/^ZooKeeper at 2\.500 s, as zk1 holds it, up to transaction 1:3; committed is 1:4\n/)
  })

  it('says of committed nodes exactly what the servers that are up to date say', () => {
    const stories = [
      [readFileSync(join(repository, kafka), 'utf8'), [0.1, 2.5, 12, 40]],
      [changing, [3, 15, 30]],
      [readFileSync(join(repository, 'scenarios/zookeeper/herd-effect.yaml'), 'utf8'), [4]],
      [readFileSync(join(repository, 'scenarios/zookeeper/zab-old-leader-truncated.yaml'), 'utf8'), [40]],
      [readFileSync(join(repository, 'scenarios/control-plane/zombie-controller-fenced.yaml'), 'utf8'), [10, 20, 40]],
    ] as const
    const sorted = (nodes: readonly TreeNode[]) => [...nodes].sort((a, b) => (a.path < b.path ? -1 : 1))
    let compared = 0
    for (const [text, times] of stories) {
      const parsed = parseScenario(text, 'test.yaml')
      if (!('plan' in parsed)) throw new Error('the scenario does not compile')
      const run = new ScenarioRun(parsed.plan, { check: false })
      for (const seconds of times) {
        run.runTo(seconds * 1_000_000)
        const truth = committed(run)
        for (const name of ['zk1', 'zk2', 'zk3']) {
          const own = ownCopy(run, name)
          if (own.lastZxid !== truth.lastZxid) continue
          expect(sorted(own.nodes)).toEqual(sorted(truth.nodes))
          compared++
        }
      }
    }
    expect(compared).toBeGreaterThanOrEqual(25)
  })

  it('refuses what it cannot show', () => {
    const refused = (...args: string[]): string => {
      const { code, out, err } = trial('zk', ...args)
      expect(code).toBe(2)
      expect(out).toBe('')
      return err
    }
    expect(refused(stale)).toContain('--at')
    expect(refused(stale, '--at', '12')).toContain('unit')
    expect(refused(stale, '--at', '1000s')).toContain('after the end')
    expect(refused(stale, '--at', '5s', '--server', 'zk9')).toContain("no ZooKeeper server 'zk9' (zk1, zk2, zk3)")
    expect(refused(stale, '--at', '5s', '/price/of/nothing')).toContain(
      'there is no node /price/of/nothing at that time; /price is there',
    )
    const crashed = 'scenarios/zookeeper/zookeeper-minority-unavailable.yaml'
    expect(refused(crashed, '--at', '5s', '--server', 'zk3')).toContain('zk3 is stopped at that time')
  })

  it('shows the tree of a story that has failed by then, and says so', () => {
    const file = scenarioFile(`scenario: 1
ends: 20s
cluster: { zookeeper: 3, brokers: 0 }
clients:
  c1: { zookeeper: plain }
steps:
  - zk: { by: c1, create: /a }
  - when: { znode: /b, exists: true }
    within: 1s
`)
    const { code, out, err } = trial('zk', file, '--at', '10s')
    expect(code).toBe(1)
    expect(out).toContain('├─ a')
    expect(err).toContain('the story had failed by then')
  })
})
