/** Sessions as a server grants, refuses and ends them, on the real ZooKeeper and on ours, with the default bounds. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromMs } from '../../../src/host/index.ts'
import { sessionPassword } from '../../../src/zookeeper/server/password.ts'
import { Ensemble } from '../../src/zookeeper/ensemble.ts'
import { FrontDoor } from './front-door.ts'
import { RealServer, ZOOKEEPER_MISSING } from './real-server.ts'
import { WireClient } from './wire/wire-client.ts'

const TICK_MS = 200
const LATENESS_MS = 2_000

describe.skipIf(ZOOKEEPER_MISSING !== undefined)('sessions of our ZooKeeper beside those of the real one', () => {
  let server: RealServer
  beforeAll(async () => {
    server = await RealServer.start({ tickTimeMs: TICK_MS })
  }, 120_000)
  afterAll(() => server?.stop())

  const ours = (): { ensemble: Ensemble; door: FrontDoor } => {
    const ensemble = new Ensemble(1, { trace: false, settings: { tickTimeMs: TICK_MS } })
    ensemble.untilServing()
    return { ensemble, door: new FrontDoor(ensemble) }
  }

  test.each([
    [1, 400],
    [399, 400],
    [401, 401],
    [4_000, 4_000],
    [4_001, 4_000],
    [1_000_000, 4_000],
  ])('a timeout of %i ms is granted as %i ms', async (askedMs, grantedMs) => {
    const real = await new WireClient(server.port).connect(askedMs)
    expect(real.timeoutMs).toBe(grantedMs)
    expect(ours().door.knock({ session: '', password: '', timeoutMs: askedMs }).timeoutMs).toBe(grantedMs)
  })

  test('a session is refused to whoever has the wrong password, and lives on', async () => {
    const client = new WireClient(server.port)
    await client.connect(4_000)
    await client.ask({ op: 'create', path: '/mine', data: '', mode: 'ephemeral' })
    const thief = new WireClient(server.port)
    expect((await thief.steal(client.session, Buffer.alloc(16, 7))).timeoutMs).toBe(0)
    // Asking for it is enough to close the connection that it is on.
    client.disconnect()
    expect((await client.connect(4_000)).timeoutMs).toBe(4_000)
    expect((await client.ask({ op: 'exists', path: '/mine', watch: false })).error).toBe('OK')
    await client.ask({ op: 'closeSession' })
    client.disconnect()

    const { ensemble, door } = ours()
    const { session } = door.knock({ session: '', password: '', timeoutMs: 4_000 })
    expect(door.knock({ session, password: 'wrong', timeoutMs: 4_000 }).timeoutMs).toBe(0)
    expect(ensemble.running[0]!.tree.sessions.has(session)).toBe(true)
    expect(door.knock({ session, password: sessionPassword(session), timeoutMs: 4_000 }).timeoutMs).toBe(4_000)
  })

  test('a silent session expires after its timeout, and not before', async () => {
    const client = new WireClient(server.port)
    const { timeoutMs } = await client.connect(600)
    await client.ask({ op: 'create', path: '/short-lived', data: '', mode: 'ephemeral' })
    const heardAtMs = performance.now()
    client.disconnect()
    const watcher = new WireClient(server.port)
    await watcher.connect(4_000)
    const stands = async () => (await watcher.ask({ op: 'exists', path: '/short-lived', watch: false })).error === 'OK'
    while (await stands()) await new Promise((resolve) => setTimeout(resolve, 5))
    const realMs = performance.now() - heardAtMs
    await watcher.ask({ op: 'closeSession' })
    watcher.disconnect()
    expect(realMs).toBeGreaterThan(timeoutMs - 20)
    expect(realMs).toBeLessThan(timeoutMs + TICK_MS + LATENESS_MS)

    const { ensemble, door } = ours()
    const { session } = door.knock({ session: '', password: '', timeoutMs: 600 })
    const sinceUs = ensemble.world.now
    ensemble.until('the session expires', () => !ensemble.running[0]!.tree.sessions.has(session))
    const ourUs = ensemble.world.now - sinceUs
    expect(ourUs).toBeGreaterThan(fromMs(timeoutMs - 20))
    expect(ourUs).toBeLessThan(fromMs(timeoutMs + TICK_MS + 20))
  })
})
