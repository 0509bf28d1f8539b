/** The real server's tree reads the same through its own client and through ours. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RealServer, ZOOKEEPER_MISSING } from './real-server.ts'
import { REAL_SERVER_OPTIONS } from './real-side.ts'
import { treeByWire, treeByZkCli } from './real-tree.ts'
import { WireClient } from './wire/wire-client.ts'

describe.skipIf(ZOOKEEPER_MISSING !== undefined)('the tree of the real ZooKeeper', () => {
  let server: RealServer
  beforeAll(async () => {
    server = await RealServer.start(REAL_SERVER_OPTIONS)
  }, 120_000)
  afterAll(() => server?.stop())

  test('is shown alike by zkCli.sh and by our wire client', async () => {
    const client = new WireClient(server.port)
    await client.connect(60_000)
    const create = { op: 'create', data: 'hé €', mode: 'persistent' } as const
    await client.ask({ ...create, path: '/tree' })
    await client.ask({ ...create, path: '/tree/empty', data: '' })
    await client.ask({ ...create, path: '/tree/n-', mode: 'persistent-sequential' })
    await client.ask({ ...create, path: '/tree/mine', mode: 'ephemeral' })
    await client.ask({ op: 'setData', path: '/tree/n-0000000001', data: 'two words', version: 0 })

    const shown = treeByZkCli(server.port, '/tree')
    expect(shown).toEqual(await treeByWire(server.port, '/tree'))
    expect(shown.map(({ path }) => path)).toEqual(['/tree', '/tree/empty', '/tree/mine', '/tree/n-0000000001'])
    expect(shown[2]).toMatchObject({ data: 'hé €', ephemeralOwner: client.session, version: 0 })
    expect(shown[3]).toMatchObject({ data: 'two words', ephemeralOwner: 0n, version: 1, dataLength: 9 })
    await client.ask({ op: 'closeSession' })
    client.disconnect()
  })
})
