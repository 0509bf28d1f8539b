// The plain client of ZooKeeper: every operation, every way it can end, and the events it is told.
import { describe, expect, it } from 'vitest'
import { held } from './play.ts'

const head = `scenario: 1
ends: 30s
cluster: { zookeeper: 3, brokers: 0 }
clients:
  c1: { zookeeper: plain }
  c2: { zookeeper: plain, server: zk2 }
steps:
`

describe('a plain client of ZooKeeper', () => {
  it('does every operation, in the order in which it was told, and gets what the server says', () => {
    const { all } = held(`${head}
  - zk:
      - { by: c1, create: /a, data: one, name: create }
      - { by: c1, create: /a, name: twice }
      - { by: c1, create: /a/n-, mode: persistent-sequential, name: numbered }
      - { by: c1, getData: /a, name: get }
      - { by: c1, setData: /a, data: two, version: 0, name: set }
      - { by: c1, setData: /a, data: three, version: 0, name: stale }
      - { by: c1, exists: /a, name: exists }
      - { by: c1, exists: /b, name: missing }
      - { by: c1, getChildren: /a, name: children }
      - { by: c1, delete: /a, name: full }
      - { by: c1, multi: [{ check: /a, version: 1 }, { delete: /a/n-0000000000 }, { delete: /a }], name: all }
      - { by: c1, multi: [{ create: /x }, { delete: /y }], name: nothing }
      - { by: c1, exists: /x, name: not-made }
      - { by: c1, sync: /, name: sync }
      - { by: c1, close: true, name: close }
  - when: { operation: close, is: OK }
    zk: { by: c1, exists: /, name: closed }
  - when: { operation: closed, is: answered }
expect:
  state:
    - { operation: create, is: OK, path: /a }
    - { operation: twice, is: NodeExists }
    - { operation: numbered, is: OK, path: /a/n-0000000000 }
    - { operation: get, is: OK, data: one, version: 0 }
    - { operation: set, is: OK, version: 1 }
    - { operation: stale, is: BadVersion }
    - { operation: exists, is: OK, version: 1 }
    - { operation: missing, is: NoNode }
    - { operation: children, is: OK, children: [n-0000000000] }
    - { operation: full, is: NotEmpty }
    - { operation: all, is: OK }
    - { operation: nothing, is: NoNode }
    - { operation: not-made, is: NoNode }
    - { operation: sync, is: OK }
    - { operation: close, is: OK }
    - { operation: closed, is: SessionExpired }
    - { znode: /a, exists: false }
`)
    const answered = all('ZkAnswered').map(({ operation }) => operation)
    expect(answered).toEqual(all('ZkAsked').map(({ operation }) => operation))
    expect(answered).toHaveLength(16)
  })

  it('is told of each watch once, and of nothing after its session', () => {
    const { all } = held(`${head}
  - zk: { by: c2, exists: /a, watch: true, name: look }
  - when: { operation: look, is: NoNode }
    zk: { by: c1, create: /a, mode: ephemeral }
  - when: { notified: c2, event: NodeCreated, path: /a }
    zk: { by: c2, getData: /a, watch: true, name: again }
  - when: { operation: again, is: OK }
    zk: { by: c1, close: true }
  - when: { notified: c2, event: NodeDeleted }
expect:
  state:
    - { notified: c2, times: 2 }
    - { notified: c1, times: 0 }
    - { znode: /a, exists: false }
`)
    expect(all('ZkNotified').map(({ client, event, path }) => `${client} ${event} ${path}`)).toEqual([
      'c2 NodeCreated /a',
      'c2 NodeDeleted /a',
    ])
  })

  it('opens a new session after its session has expired, and has no nodes or watches there', () => {
    const { all } = held(`${head}
  - zk: [{ by: c2, create: /mine, mode: ephemeral, name: mine }, { by: c2, getData: /mine, watch: true }]
  - when: { operation: mine, is: OK }
    expireSession: c2
  - when: { session: c2, is: expired }
    within: 10s
  - when: [{ session: c2, is: alive, connected: true }, { znode: /mine, exists: false }]
    within: 10s
    zk: { by: c2, create: /mine, name: next }
  - when: { operation: next, is: OK }
expect:
  state:
    - { notified: c2, times: 0 }
    - { znode: /mine, exists: true }
`)
    expect(all('ZkClientState').filter(({ state }) => state === 'expired')).toHaveLength(1)
    expect(all('ZkSessionCreated').filter(({ owner }) => owner === 'c2')).toHaveLength(2)
  })

  it('talks over one connection like those of TCP: in order, and all of it or a break @shows 7.4', () => {
    // NIO is how the real servers read such connections; docs/fidelity.md says so.
    const { all } = held(`${head}
  - zk: { by: c2, create: /a, name: lost }
  - on: { message: ZkCreate, from: c2, to: zk2 }
    drop: true
  - when: [{ operation: lost, is: ConnectionLoss }, { session: c2, connected: false }]
  - when: { session: c2, connected: true }
    within: 10s
    zk: [{ by: c2, create: /a, name: again }, { by: c2, exists: /a, name: look }]
  - when: { operation: look, is: OK }
`)
    const states = all('ZkClientState').filter(({ session }) => session === all('ZkClientState').at(-1)!.session)
    expect(states.map(({ state, server }) => `${state} ${server}`)).toEqual([
      'connected zk2',
      'disconnected null',
      'connected zk2',
    ])
  })

  it('loses what it is told while it is down', () => {
    const { all } = held(`${head}
  - crash: c1
    zk: { by: c1, create: /a, name: never }
  - after: 2s
    start: c1
expect:
  state:
    - { znode: /a, exists: false }
  never:
    - { operation: never, is: answered }
`)
    expect(all('ZkAsked')).toEqual([])
    expect(all('StepRun').map(({ what }) => what)).toContain('c1: create /a (nothing to do: c1 is stopped)')
  })
})
