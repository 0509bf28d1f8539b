// ZooKeeper in the view: nodes, elections, operations, measures; the conditions about them, and how they are told.
import { describe, expect, it } from 'vitest'
import type { Condition } from '../../../sim/scenario/plan.ts'
import {
  type AnyEvent,
  committedTree,
  drawTree,
  evaluate,
  explain,
  formatEvent,
  initialView,
  Ledger,
  Narrator,
  type NarratorOptions,
  resolve,
  ViewRecorder,
} from '../../../sim/view/index.ts'
import { ErrorCode } from '../../../src/protocol/index.ts'
import { makeZxid } from '../../../src/zookeeper/index.ts'
import { Story } from './story.ts'

type Asked = Condition extends infer C ? (C extends Condition ? Omit<C, 'span'> : never) : never

const plan = {
  zookeeper: 3,
  brokers: 0,
  clients: ['c1', 'e1', 'e2', 'store'].map((name) => ({ kind: 'resource', name, fenced: false }) as const),
}

const commit = (counter: number, txn: string, ...changes: Extract<AnyEvent, { kind: 'ZkCommitted' }>['changes']) =>
  ({ kind: 'ZkCommitted', zxid: makeZxid(1, counter), txn, session: '0x1', changes }) as const

function election(): Story {
  return new Story()
    .at(100)
    .on(
      'zk3',
      { kind: 'ZkServerState', state: 'LEADING', epoch: 1, leader: 'zk3' },
      { kind: 'ZkLeaderServing', epoch: 1 },
    )
    .on('zk3', { kind: 'ZkSessionCreated', session: '0x1', owner: 'e1', timeoutMs: 6000 })
    .on('zk3', { kind: 'ZkSessionCreated', session: '0x2', owner: 'e2', timeoutMs: 6000 })
    .on('zk3', commit(1, 'create', { op: 'create', path: '/chroot', data: '', ephemeralOwner: null }))
    .on('e1', {
      kind: 'ElectionEntered',
      contender: 'e1',
      election: '/chroot',
      recipe: 'unfair',
      node: '/chroot/leader',
    })
    .on('e2', {
      kind: 'ElectionEntered',
      contender: 'e2',
      election: '/chroot',
      recipe: 'unfair',
      node: '/chroot/leader',
    })
    .on('zk3', commit(2, 'create', { op: 'create', path: '/chroot/leader', data: 'e1', ephemeralOwner: '0x1' }))
    .on('zk3', commit(3, 'error'))
    .on('e1', {
      kind: 'ElectionWon',
      contender: 'e1',
      election: '/chroot',
      node: '/chroot/leader',
      epoch: makeZxid(1, 2),
    })
    .on('e2', { kind: 'ElectionLost', contender: 'e2', election: '/chroot', watches: '/chroot/leader' })
}

/** The session of e1 expires, e2 leads, and e1 does not know. */
function zombie(): Story {
  return election()
    .at(9000)
    .on('', { kind: 'MeasureBegan', name: 'failover' })
    .on('zk3', commit(4, 'closeSession', { op: 'delete', path: '/chroot/leader' }))
    .on('zk3', { kind: 'ZkSessionClosed', session: '0x1', expired: true })
    .on('zk1', { kind: 'ZkWatchFired', session: '0x2', event: 'NodeDeleted', path: '/chroot/leader' })
    .on('e2', { kind: 'ElectionWoken', contender: 'e2', election: '/chroot', watched: '/chroot/leader' })
    .on('zk3', commit(5, 'create', { op: 'create', path: '/chroot/leader', data: 'e2', ephemeralOwner: '0x2' }))
    .at(9020)
    .on('e2', {
      kind: 'ElectionWon',
      contender: 'e2',
      election: '/chroot',
      node: '/chroot/leader',
      epoch: makeZxid(1, 5),
    })
    .on('', { kind: 'MeasureEnded', name: 'failover' })
    .on('store', {
      kind: 'ResourceWritten',
      resource: 'store',
      by: 'e2',
      epoch: makeZxid(1, 5),
      highest: makeZxid(1, 5),
      accepted: true,
    })
    .on('store', {
      kind: 'ResourceWritten',
      resource: 'store',
      by: 'e1',
      epoch: makeZxid(1, 2),
      highest: makeZxid(1, 5),
      accepted: true,
    })
}

function viewOf(story: Story) {
  const recorder = new ViewRecorder(initialView(plan))
  for (const record of story.records) recorder.apply(record)
  return recorder.view
}

function ask(story: Story, asked: Asked): { readonly holds: boolean; readonly seen: string } {
  const view = viewOf(story)
  const condition = { span: { line: 1, column: 1, length: 1 }, ...asked } as Condition
  return { holds: evaluate(condition, view, new Ledger()), seen: explain(condition, view, new Ledger()) }
}

describe('the view of an election', () => {
  it('tells who leads by the tree, and who only believes it', () => {
    const view = viewOf(zombie())
    expect(view.elections['/chroot']).toMatchObject({ terms: 2, woken: 1, contenders: ['e1', 'e2'] })
    expect(Object.keys(view.elections['/chroot']!.believers)).toEqual(['e1', 'e2'])
    expect(resolve({ select: 'elected', election: '/chroot' }, view)).toEqual(['e2'])
    expect(resolve({ select: 'elected', election: '/other' }, view)).toEqual([])
  })

  it('forgets what a dead contender believed', () => {
    const story = zombie().on('e1', { kind: 'ProcessEnded', how: 'crash', reason: '' })
    expect(Object.keys(viewOf(story).elections['/chroot']!.believers)).toEqual(['e2'])
  })

  it('names nobody between the end of a session and the next election', () => {
    const story = election().on('zk3', commit(4, 'closeSession', { op: 'delete', path: '/chroot/leader' }))
    expect(ask(story, { about: 'elected', election: '/chroot', is: 'none' })).toEqual({
      holds: true,
      seen: 'nobody leads /chroot and e1 believes to lead; elected once, last woken 0',
    })
  })

  it.each<readonly [Asked, boolean, string]>([
    [
      { about: 'elected', election: '/chroot', is: 'e2', believers: { is: 'equal', value: 2 } },
      true,
      'e2 leads /chroot and e1 and e2 believe to lead; elected 2 times, last woken 1',
    ],
    [
      { about: 'elected', election: '/chroot', is: 'e1' },
      false,
      'e2 leads /chroot and e1 and e2 believe to lead; elected 2 times, last woken 1',
    ],
    [{ about: 'elected', election: '/other', terms: { is: 'equal', value: 0 } }, true, 'nobody takes part in /other'],
    [
      { about: 'client', client: 'store', stale: { is: 'equal', value: 1 } },
      true,
      'store took 2 writes, 1 of them of a leader that had been replaced, and refused 0',
    ],
    [
      { about: 'measure', measure: 'failover', writes: { is: 'equal', value: 1 }, watches: { is: 'equal', value: 1 } },
      true,
      'failover: 1 write committed, 0 refused, 1 watch fired, 1 session opened or ended in 20 ms',
    ],
    [
      { about: 'measure', measure: 'failover', lasts: { is: 'compare', operator: '>', value: 20_000 } },
      false,
      'failover: 1 write committed, 0 refused, 1 watch fired, 1 session opened or ended in 20 ms',
    ],
    [{ about: 'measure', measure: 'other' }, false, 'other was not measured'],
    [
      { about: 'zk-server', server: 'zk3', is: 'leading' },
      true,
      'zk3 is leading, 5 transactions behind, never synchronised',
    ],
    [{ about: 'zk-server', server: 'zk1', is: 'down' }, true, 'zk1 is down, 5 transactions behind, never synchronised'],
    [
      { about: 'session', owner: 'e1', is: 'expired', connected: false },
      true,
      'the session of e1 is expired, not connected',
    ],
  ])('answers and explains: %o', (asked, holds, seen) => {
    expect(ask(zombie(), asked)).toEqual({ holds, seen })
  })

  it('asks for several things at once', () => {
    const span = { line: 1, column: 1, length: 1 }
    const leads = (is: string): Condition => ({ span, about: 'elected', election: '/chroot', is })
    const down: Condition = { span, about: 'zk-server', server: 'zk1', is: 'down' }
    expect(ask(zombie(), { about: 'all', conditions: [leads('e2'), down] }).holds).toBe(true)
    expect(ask(zombie(), { about: 'all', conditions: [leads('e1'), down] }).holds).toBe(false)
  })
})

describe('the view of operations', () => {
  const story = new Story()
    .on('c1', { kind: 'ZkAsked', client: 'c1', operation: 'read', asked: 'getData /a' })
    .on('c1', {
      kind: 'ZkAnswered',
      client: 'c1',
      operation: 'read',
      asked: 'getData /a',
      error: 'OK',
      path: null,
      data: 'x',
      version: 3,
      children: null,
    })
    .on('c1', { kind: 'ZkAsked', client: 'c1', operation: 'list', asked: 'getChildren /a' })
    .on('c1', { kind: 'ZkNotified', client: 'c1', event: 'NodeDeleted', path: '/a' })
    .on('c1', { kind: 'ZkNotified', client: 'c1', event: 'NodeDeleted', path: '/b' })

  it.each<readonly [Asked, boolean, string]>([
    [
      { about: 'operation', operation: 'read', is: 'OK', data: { is: 'equal', value: 'x' } },
      true,
      'read (getData /a by c1) was answered: OK, "x", version 3',
    ],
    [
      { about: 'operation', operation: 'read', is: 'NoNode' },
      false,
      'read (getData /a by c1) was answered: OK, "x", version 3',
    ],
    [
      { about: 'operation', operation: 'read', is: 'answered', version: { is: 'equal', value: 4 } },
      false,
      'read (getData /a by c1) was answered: OK, "x", version 3',
    ],
    [{ about: 'operation', operation: 'list', is: 'pending' }, true, 'list (getChildren /a by c1) is not answered'],
    [{ about: 'operation', operation: 'list', children: [] }, false, 'list (getChildren /a by c1) is not answered'],
    [{ about: 'operation', operation: 'never', is: 'answered' }, false, 'never was not asked'],
    [
      { about: 'notified', client: 'c1', event: 'NodeDeleted', times: { is: 'equal', value: 2 } },
      true,
      'c1 was told: NodeDeleted /a once, NodeDeleted /b once',
    ],
    [
      { about: 'notified', client: 'c1', path: '/b', times: { is: 'equal', value: 1 } },
      true,
      'c1 was told: NodeDeleted /a once, NodeDeleted /b once',
    ],
    [
      { about: 'notified', client: 'e1', times: { is: 'compare', operator: '>=', value: 1 } },
      false,
      'e1 was told of nothing',
    ],
  ])('answers and explains: %o', (asked, holds, seen) => {
    expect(ask(story, asked)).toEqual({ holds, seen })
  })
})

describe('the tree', () => {
  it('has the counts of the real thing: versions, children ever created, last changes', () => {
    const nodes = committedTree(viewOf(zombie()))
    const chroot = nodes.find(({ path }) => path === '/chroot')
    expect(chroot).toMatchObject({ cversion: 3, czxid: makeZxid(1, 1), pzxid: makeZxid(1, 5), version: 0, owner: null })
    expect(nodes.find(({ path }) => path === '/chroot/leader')).toMatchObject({
      owner: { session: '0x2', machine: 'e2' },
      czxid: makeZxid(1, 5),
    })
    expect(nodes.find(({ path }) => path === '/')).toMatchObject({ cversion: 0, pzxid: makeZxid(1, 1) })
  })

  it('counts a commit once that a new leader repeats', () => {
    const repeated = commit(5, 'create', { op: 'create', path: '/chroot/leader', data: 'e2', ephemeralOwner: '0x2' })
    expect(viewOf(zombie().on('zk2', repeated)).work).toEqual(viewOf(zombie()).work)
    expect(committedTree(viewOf(zombie().on('zk2', repeated)))).toEqual(committedTree(viewOf(zombie())))
  })

  it('is drawn within its width, in ASCII too, and lets no control character through', () => {
    const story = new Story()
      .on(
        'zk3',
        commit(1, 'create', { op: 'create', path: '/a', data: `x\u001b[2J${'y'.repeat(200)}`, ephemeralOwner: null }),
      )
      .on('zk3', commit(2, 'create', { op: 'create', path: '/a/b', data: '', ephemeralOwner: null }))
      .on('zk3', commit(3, 'create', { op: 'create', path: '/c', data: '', ephemeralOwner: '0x77' }))
    const lines = drawTree(committedTree(viewOf(story)), '/', { width: 60, ascii: true })
    expect(lines).toEqual([
      '/',
      `|- a  v0  "x\\u001b[2J${'y'.repeat(60 - 22)}…`,
      '|  `- b',
      '|- c  v0  ephemeral of session 0x77',
      '`- zookeeper',
      '   `- quota',
    ])
    expect(Math.max(...lines.map((line) => line.length))).toBe(60)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/)
  })

  it('leaves children out where there are too many', () => {
    const story = new Story()
    for (let i = 1; i <= 9; i++)
      story.on('zk3', commit(i, 'create', { op: 'create', path: `/n${i}`, data: '', ephemeralOwner: null }))
    expect(drawTree(committedTree(viewOf(story)), '/', { children: 4 })).toEqual([
      '/',
      '├─ n1',
      '├─ n2',
      '├─ n3',
      '└─ … and 7 more',
    ])
  })
})

describe('the story', () => {
  function tell(story: Story, options: Partial<NarratorOptions> = {}): string[] {
    const narrator = new Narrator(options)
    const recorder = new ViewRecorder(initialView(plan))
    const ledger = new Ledger()
    const lines: string[] = []
    for (const record of story.records) {
      recorder.apply(record)
      ledger.apply(record)
      lines.push(...narrator.apply(record, recorder.view, ledger))
    }
    return [...lines, ...narrator.end(recorder.view, ledger)]
  }

  it('tells an election, the session that ends, and the leader that does not know', () => {
    expect(tell(zombie(), { width: 120 }).join('\n')).toMatchInlineSnapshot(`
      "    0.100 s  zk3         leads ZooKeeper now (epoch 1)
          0.100 s  e1          races for /chroot/leader
          0.100 s  e2          races for /chroot/leader
          0.100 s  e1          leads /chroot now (epoch 1:2)
          0.100 s  e2          does not lead /chroot: it watches leader
          9.000 s  ZooKeeper   ends the session of e1: it heard nothing from it for the session's timeout; /chroot/leader goes
                               with it
          9.000 s  e2          wakes up: /chroot/leader is gone
          9.020 s  e2          leads /chroot now (epoch 1:5)
          9.020 s  counted     failover: ZooKeeper had 1 write committed, 0 refused, 1 watch fired, 1 session opened or ended
                               in 20 ms
          9.020 s  store       takes what e2 writes (epoch 1:5)
          9.020 s  store       takes what e1 writes (epoch 1:2, older than 1:5): a leader that is none any more

      At the end, 9.020 s
          /
          └─ chroot
             └─ leader  v0  ephemeral of e2  "e2""
    `)
  })

  it('tells each write on its way only if that is asked for', () => {
    const written = new Story()
      .on('zk3', { kind: 'ZkServerState', state: 'LEADING', epoch: 1, leader: 'zk3' })
      .on('zk3', { kind: 'ZkProposed', zxid: makeZxid(1, 1), txn: 'create' })
      .on('zk3', { kind: 'ZkAcknowledged', zxid: makeZxid(1, 1) })
      .on('zk1', { kind: 'ZkAcknowledged', zxid: makeZxid(1, 1) })
      .on('zk3', commit(1, 'create', { op: 'create', path: '/a', data: '', ephemeralOwner: null }))
      .on('zk1', { kind: 'ZkApplied', zxid: makeZxid(1, 1) })
    expect(tell(written).slice(0, 1)).toEqual(['At the end, 0.000 s'])
    expect(tell(written, { details: ['broadcast'] }).slice(0, 5)).toEqual([
      '    0.000 s  zk3         proposes 1:1 (create) to its followers and logs it',
      '    0.000 s  zk3         has 1:1 on its disk',
      '    0.000 s  zk1         has 1:1 on its disk and acknowledges it',
      '    0.000 s  zk3         commits 1:1, create /a: on disk at zk1 and zk3, a majority of 3',
      '    0.000 s  zk1         hears the commit and applies 1:1: its clients can read it now',
    ])
  })
})

describe('the trace', () => {
  it('has a line of its own for each thing that can happen', () => {
    const base = {
      client: 'c1',
      operation: 'o',
      asked: 'getData /a',
      path: null,
      data: null,
      version: null,
      children: null,
    }
    const events: AnyEvent[] = [
      ...zombie().records.map(({ event }) => event as AnyEvent),
      { kind: 'ZkAcknowledged', zxid: makeZxid(1, 9) },
      { kind: 'ZkAnswered', ...base, error: 'OK', data: 'x', version: 1 },
      { kind: 'ZkAnswered', ...base, error: 'OK', data: 'x', version: 2 },
      { kind: 'ZkAnswered', ...base, error: 'OK', children: [] },
      { kind: 'ZkAnswered', ...base, error: 'OK', children: ['a', 'b'] },
      { kind: 'ZkAnswered', ...base, error: 'NoNode' },
      { kind: 'ZkAsked', client: 'c1', operation: 'o', asked: 'getData /a' },
      { kind: 'ZkNotified', client: 'c1', event: 'NodeCreated', path: '/a' },
      { kind: 'ElectionResigned', contender: 'e1', election: '/chroot', node: '/chroot/leader', led: true },
      { kind: 'ElectionResigned', contender: 'e1', election: '/chroot', node: '/chroot/leader', led: false },
      { kind: 'LeadershipExpired', contender: 'e1', election: '/chroot', epoch: 7 },
      { kind: 'AdminAsked', request: 'move orders-0', error: 'OK' },
      { kind: 'AdminAsked', request: 'move orders-0', error: 'NodeExists' },
      { kind: 'ReassignmentWaits', tp: 'orders-0', for: [4] },
      { kind: 'TopicNotCreated', topic: 'late', errorCode: ErrorCode.InvalidReplicationFactor, reason: 'too few' },
    ]
    const lines = events.map(formatEvent)
    expect(new Set(lines).size).toBe(lines.length)
    expect(lines.filter((line) => line.includes('undefined'))).toEqual([])
  })
})
