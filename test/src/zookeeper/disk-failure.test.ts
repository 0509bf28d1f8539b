/**
 * What a server does when its disk fails: it stops, says so, and does not serve what it cannot keep. What a crash left
 * unfinished is cut; what rotted is refused, unless something older makes up for it.
 */
import { describe, expect, test } from 'vitest'
import type { Machine } from '../../../sim/kernel/index.ts'
import { readFile } from '../../../src/host/index.ts'
import { Ensemble, type TestClient } from './ensemble.ts'

const firstLog = 'version-2/log.0000000000000000'

function serving(settings = {}): Ensemble {
  const ensemble = new Ensemble(3, { settings })
  ensemble.untilServing()
  return ensemble
}

const create = (client: TestClient, path: string): void =>
  expect(client.ask((zk, done) => zk.create(path, 'x'.repeat(50), 'persistent', done))).toMatchObject({ error: 'OK' })

/** An ensemble that has created /n0 … through zk2 and zk3, with zk1 without power. */
function zk1Down(nodes: number, settings = {}): { ensemble: Ensemble; client: TestClient; zk1: Machine } {
  const ensemble = serving(settings)
  const client = ensemble.client('c1', ['zk2', 'zk3']).connect()
  for (let i = 0; i < nodes; i++) create(client, `/n${i}`)
  ensemble.seconds(1)
  const zk1 = ensemble.world.machine('zk1')
  zk1.powerOff()
  return { ensemble, client, zk1 }
}

const of = <T extends { machine: string; event: object }>(events: T[], machine: string): Array<T['event']> =>
  events.filter((each) => each.machine === machine).map(({ event }) => event)

/** It stopped by itself, told why, and the others serve on. */
function expectRefusal(ensemble: Ensemble, client: TestClient, failure: string, detail: RegExp): void {
  expect(ensemble.world.machine('zk1').state).toBe('stopped')
  expect(of(ensemble.kinds('ZkDiskFailed'), 'zk1')).toEqual([
    { kind: 'ZkDiskFailed', failure, path: expect.stringMatching(/^version-2/), detail: expect.stringMatching(detail) },
  ])
  expect(of(ensemble.kinds('ProcessEnded'), 'zk1').at(-1)).toMatchObject({
    how: 'exit',
    reason: expect.stringMatching(/^disk failure: /),
  })
  create(client, '/after')
}

describe('a server', () => {
  test('exits when its disk is full; the others go on, and it comes back when there is room', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk2', 'zk3']).connect()
    const machine = ensemble.world.machine('zk1')
    machine.disk.fillUp(40)
    create(client, '/a')
    ensemble.seconds(1)
    expectRefusal(ensemble, client, 'full', /ENOSPC/)
    machine.disk.fillUp(undefined)
    machine.restart()
    ensemble.untilServing()
    // The write that did not fit was never finished.
    expect(of(ensemble.kinds('ZkRecovered'), 'zk1').at(-1)!.truncatedBytes).toBe(40)
    expect(ensemble.server('zk1').tree.node('/after')).toBeDefined()
  })

  test('that leads exits when its disk is full; another one leads', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk1', 'zk2']).connect()
    ensemble.world.machine('zk3').disk.fillUp(0)
    client.begin((zk) => zk.create('/a', '', 'persistent', () => {}))
    ensemble.until('another leader', () => ensemble.leader === 'zk2')
    client.connect()
    create(client, '/b')
  })

  test('cuts a transaction that was never written to its end, says how much, and gets it again', () => {
    const { ensemble, zk1 } = zk1Down(2)
    const handle = zk1.disk.open(firstLog, { create: false })
    handle.truncate(handle.size() - 3)
    const size = handle.size()
    handle.close()
    zk1.restart()
    ensemble.untilServing()
    const { truncatedBytes } = of(ensemble.kinds('ZkRecovered'), 'zk1').at(-1)!
    expect(truncatedBytes).toBeGreaterThan(0)
    expect(truncatedBytes).toBeLessThan(size)
    expect(ensemble.kinds('ZkSynced').at(-1)!.event).toMatchObject({ mode: 'DIFF', to: 'zk1' })
    expect(ensemble.server('zk1').tree.node('/n1')).toBeDefined()
  })

  test.each([
    ['the end', 0.999],
    ['the middle', 0.5],
    ['the beginning', 0],
  ])('does not start when a bit has rotted at %s of its log', (_where, part) => {
    const { ensemble, client, zk1 } = zk1Down(10)
    zk1.disk.corruptBit(firstLog, Math.floor(part * zk1.disk.status(firstLog)!.size), 0)
    zk1.restart()
    ensemble.seconds(5)
    expectRefusal(ensemble, client, 'damaged', /log\.0000000000000000: damaged at \d+$/)
  })

  test('goes back to an older snapshot and its log when the newest one is damaged', () => {
    const { ensemble, zk1 } = zk1Down(40, { snapCount: 10 })
    const snapshots = zk1.disk.list('version-2').filter((name) => name.startsWith('snapshot'))
    expect(snapshots).toHaveLength(3)
    const newest = snapshots.at(-1)!
    zk1.disk.corruptBit(`version-2/${newest}`, 30, 0)
    zk1.restart()
    ensemble.untilServing()
    expect(of(ensemble.kinds('ZkSnapshotDamaged'), 'zk1')).toEqual([
      { kind: 'ZkSnapshotDamaged', zxid: Number.parseInt(newest.slice('snapshot.00000001'.length), 16) + 2 ** 32 },
    ])
    expect(zk1.disk.list('version-2')).not.toContain(newest)
    expect(ensemble.server('zk1').tree.node('/n39')).toBeDefined()
  })

  test('does not start from damaged snapshots alone', () => {
    const { ensemble, client, zk1 } = zk1Down(40, { snapCount: 5 })
    for (const name of zk1.disk.list('version-2')) {
      if (name.startsWith('snapshot')) zk1.disk.corruptBit(`version-2/${name}`, 30, 0)
    }
    zk1.restart()
    ensemble.seconds(5)
    expectRefusal(ensemble, client, 'damaged', /snapshot\.\w+: damaged, and nothing older makes up for it/)
  })

  test('makes durable what it reads back after a crash, before it counts on it', () => {
    const { ensemble, zk1 } = zk1Down(2)
    // A process wrote this and died before its fsync.
    const handle = zk1.disk.open(firstLog, { create: false })
    const bytes = readFile(zk1.disk, firstLog)
    handle.truncate(0)
    handle.sync()
    handle.write(0, bytes)
    handle.close()
    expect(zk1.disk.unsyncedBytes).toBe(bytes.length)
    for (const name of ['zk2', 'zk3']) ensemble.world.machine(name).powerOff()
    zk1.restart()
    ensemble.seconds(0.01)
    expect(ensemble.server('zk1').state).toBe('LOOKING')
    expect(zk1.disk.unsyncedBytes).toBe(0)
  })

  test('does not start while a file cannot be read, and does when it can', () => {
    const { ensemble, client, zk1 } = zk1Down(3)
    zk1.disk.failReads(firstLog)
    zk1.restart()
    ensemble.seconds(5)
    expectRefusal(ensemble, client, 'io-error', /EIO/)
    zk1.disk.failReads(undefined)
    zk1.restart()
    ensemble.untilServing()
    expect(ensemble.server('zk1').tree.node('/after')).toBeDefined()
  })
})

test('a quorum lost for good: who is left serves nobody, looks for a leader for ever, and ends no session', () => {
  const ensemble = serving()
  const client = ensemble.client('c1').connect()
  create(client, '/kept')
  for (const name of ['zk1', 'zk2']) ensemble.world.machine(name).powerOff()
  ensemble.seconds(20)
  expect(of(ensemble.kinds('ZkRoleEnded'), 'zk3')).toEqual([
    { kind: 'ZkRoleEnded', role: 'LEADING', reason: 'no-quorum' },
  ])
  const before = ensemble.records.length
  ensemble.seconds(600)
  expect(ensemble.server('zk3').state).toBe('LOOKING')
  expect(ensemble.server('zk3').isServing).toBe(false)
  const since = ensemble.records.slice(before).map(({ event }) => event.kind)
  expect(since.filter((kind) => kind !== 'ConnectionReset')).toEqual([])
  expect(client.log.at(-1)).toBe('Disconnected')
  expect(client.log).not.toContain('Expired')
  const outcome = client.ask<{ error: string }>((zk, done) => zk.create('/lost', '', 'persistent', done))
  expect(outcome.error).toBe('ConnectionLoss')
})
