/** `trial zk` shows the tree that the real server's own client shows after the same operations. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scenarioFile, trial } from '../../cli/trial.ts'
import { RealServer, ZOOKEEPER_MISSING } from './real-server.ts'
import { REAL_SERVER_OPTIONS } from './real-side.ts'
import { treeByZkCli } from './real-tree.ts'
import { WireClient } from './wire/wire-client.ts'

/** The same operations in the words of a scenario and of the wire client. */
const story = `scenario: 1
ends: 20s
cluster: { zookeeper: 1, brokers: 0 }
clients:
  c1: { zookeeper: plain }
steps:
  - zk:
      - { by: c1, create: /tree, data: hé €, name: first }
      - { by: c1, create: /tree/plain }
      - { by: c1, create: /tree/n-, mode: persistent-sequential }
      - { by: c1, create: /tree/mine, data: x, mode: ephemeral }
      - { by: c1, create: /tree/e-, mode: ephemeral-sequential }
      - { by: c1, setData: /tree/plain, data: two words, version: 0 }
      - { by: c1, setData: /tree/plain, data: three, version: 0 }
      - { by: c1, delete: /tree/mine }
      - { by: c1, multi: [{ create: /tree/a }, { create: /tree/a/b, data: y }, { setData: /tree, data: z }], name: last }
  - when: { operation: last, is: OK }
`

async function sameOnReal(client: WireClient): Promise<void> {
  const create = (
    path: string,
    data = '',
    mode: 'persistent' | 'ephemeral' | 'persistent-sequential' | 'ephemeral-sequential' = 'persistent',
  ) => ({ op: 'create', path, data, mode }) as const
  await client.ask(create('/tree', 'hé €'))
  await client.ask(create('/tree/plain'))
  await client.ask(create('/tree/n-', '', 'persistent-sequential'))
  await client.ask(create('/tree/mine', 'x', 'ephemeral'))
  await client.ask(create('/tree/e-', '', 'ephemeral-sequential'))
  await client.ask({ op: 'setData', path: '/tree/plain', data: 'two words', version: 0 })
  await client.ask({ op: 'setData', path: '/tree/plain', data: 'three', version: 0 })
  await client.ask({ op: 'delete', path: '/tree/mine', version: -1 })
  const parts = [
    create('/tree/a'),
    create('/tree/a/b', 'y'),
    { op: 'setData', path: '/tree', data: 'z', version: -1 } as const,
  ]
  await client.ask({ op: 'multi', parts })
}

interface ShownNode {
  readonly path: string
  readonly data: string
  readonly version: number
  readonly cversion: number
  readonly ephemeralOwner: string | null
  readonly dataLength: number
  readonly numChildren: number
  readonly czxid: string
  readonly mzxid: string
  readonly pzxid: string
}

describe.skipIf(ZOOKEEPER_MISSING !== undefined)('trial zk and the real ZooKeeper', () => {
  let server: RealServer
  beforeAll(async () => {
    server = await RealServer.start(REAL_SERVER_OPTIONS)
  }, 120_000)
  afterAll(() => server?.stop())

  test('show the same tree after the same operations', async () => {
    const client = new WireClient(server.port)
    await client.connect(60_000)
    await sameOnReal(client)
    const real = treeByZkCli(server.port, '/tree')

    const { code, out, err } = trial('zk', scenarioFile(story), '/tree', '--at', '10s', '--json')
    expect(`${code} ${err}`).toBe('0 ')
    const shown: readonly ShownNode[] = JSON.parse(out).nodes

    // Transaction ids count what came before, here and there: compared from the tree's first one on.
    const counter = (zxid: string): number => Number(zxid.split(':')[1])
    const ours = counter(shown[0]!.czxid)
    const theirs = real[0]!.czxid
    expect(
      shown.map(({ czxid, mzxid, pzxid, ephemeralOwner, path, data, version, cversion, dataLength, numChildren }) => ({
        path,
        data,
        version,
        cversion,
        dataLength,
        numChildren,
        isEphemeral: ephemeralOwner !== null,
        zxids: [czxid, mzxid, pzxid].map((zxid) => counter(zxid) - ours),
      })),
    ).toEqual(
      real.map(({ czxid, mzxid, pzxid, ephemeralOwner, path, data, version, cversion, dataLength, numChildren }) => ({
        path,
        data,
        version,
        cversion,
        dataLength,
        numChildren,
        isEphemeral: ephemeralOwner !== 0n,
        zxids: [czxid, mzxid, pzxid].map((zxid) => Number(zxid - theirs)),
      })),
    )
    expect(shown.map(({ path }) => path)).toEqual([
      '/tree',
      '/tree/a',
      '/tree/a/b',
      '/tree/e-0000000003',
      '/tree/n-0000000001',
      '/tree/plain',
    ])
    await client.ask({ op: 'closeSession' })
    client.disconnect()
  }, 120_000)
})
