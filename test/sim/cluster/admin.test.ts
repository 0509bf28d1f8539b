// The operator's tools: what they write into ZooKeeper, what they refuse, and what the controller makes of it.
import { describe, expect, it } from 'vitest'
import { held } from './play.ts'

const head = (replicas = '[[b1, b2]]'): string => `scenario: 1
ends: 60s
cluster: { zookeeper: 3, brokers: 4, config: { auto.leader.rebalance.enable: false } }
topics:
  orders: { replicas: ${replicas} }
clients:
  p1: { producer: sync, config: { request.required.acks: -1 } }
steps:
`

describe('reassign', () => {
  it('moves a partition with its messages, and deletes the old replicas', () => {
    held(`${head()}
  - send: { by: p1, to: orders-0, message: m1 }
  - when: { message: m1, is: acked }
    reassign: { orders-0: [b3, b4] }
  - when: [{ replicas: orders-0, is: [b3, b4] }, { znode: /admin/reassign_partitions, exists: false }]
    within: 10s
expect:
  messages: { m1: { acked: true, copies: 1, lost: 0 } }
  state:
    - { isr: orders-0, is: [b3, b4] }
    - { leader: orders-0, is: b3 }
    - { event: ReplicaDeleted, machine: b1 }
    - { event: ReplicaDeleted, machine: b2 }
`)
  })

  it('to a broker that is not there is crossed out by the controller, which says why', () => {
    const { all } = held(`${head()}
  - crash: b4
  - when: { session: b4, is: expired }
    within: 12s
  - after: 1s
    reassign: { orders-0: [b1, b4] }
  - when: { event: StateChangeFailed }
    within: 5s
  - after: 1s
expect:
  state:
    - { replicas: orders-0, is: [b1, b2] }
    - { znode: /admin/reassign_partitions, exists: false }
`)
    expect(all('StateChangeFailed').at(-1)!.reason).toContain('[4]')
  })

  it('is refused by the tool while another one is under way', () => {
    const { all } = held(`${head()}
  - pause: b3
  - reassign: { orders-0: [b3, b4] }
  - after: 1s
    reassign: { orders-0: [b1, b4] }
  - after: 1s
    resume: b3
  - when: { replicas: orders-0, is: [b3, b4] }
    within: 15s
`)
    expect(all('AdminAsked').map(({ request, error }) => `${request}: ${error}`)).toEqual([
      'move orders-0 to b3 b4: OK',
      'move orders-0 to b1 b4: NodeExists',
    ])
  })
})

describe('electPreferred', () => {
  it('changes nothing where the preferred replica leads, and takes its request away', () => {
    held(`${head()}
  - electPreferred: orders-0
  - when: { event: AdminAsked }
  - after: 1s
expect:
  state:
    - { leader: orders-0, is: b1, epoch: 0 }
    - { znode: /admin/preferred_replica_election, exists: false }
`)
  })

  it('gives leadership back to the preferred replica, which is in sync', () => {
    held(`${head()}
  - crash: b1
  - when: { leader: orders-0, is: b2 }
    within: 12s
    restart: b1
  - when: { isr: orders-0, size: 2 }
    within: 15s
    electPreferred: orders-0
  - when: { leader: orders-0, is: b1 }
    within: 2s
`)
  })
})

describe('addPartitions', () => {
  it('makes partitions that can be written', () => {
    held(`${head('[[b1, b2], [b2, b3]]')}
  - addPartitions: { topic: orders, to: 4 }
  - when: [{ leader: orders-2 }, { leader: orders-3 }]
    within: 5s
    send: { by: p1, to: orders-3, message: m1 }
  - when: { message: m1, is: acked }
    within: 5s
expect:
  order: { orders-3: [m1] }
`)
  })
})

describe('measure', () => {
  it('counts what ZooKeeper did between its two ends, and nothing else', () => {
    const text = (steps: string, state: string): string => `scenario: 1
ends: 20s
cluster: { zookeeper: 3, brokers: 0 }
clients:
  c1: { zookeeper: plain }
  c2: { zookeeper: plain }
steps:
  - zk: [{ by: c1, create: /before }, { by: c2, exists: /a, watch: true }, { by: c2, getChildren: /, watch: true, name: ready }]
  - when: [{ operation: ready, is: OK }, { znode: /before, exists: true }]
${steps}
expect:
  state:
    - ${state}
`
    const asked = `    measure: here
    zk:
      - { by: c1, create: /a }
      - { by: c1, create: /a }
      - { by: c1, setData: /a, data: x }
      - { by: c1, getData: /a }
      - { by: c1, multi: [{ create: /b }, { create: /c }], name: last }
  - when: { operation: last, is: answered }
  - after: 100ms
    measured: here
  - zk: { by: c1, create: /after, name: after }
  - when: { operation: after, is: OK }`
    held(text(asked, '{ measure: here, writes: 3, refused: 1, watches: 2, lasts: "100ms..200ms" }'))
    expect(() => held(text(asked, '{ measure: here, writes: 4 }'))).toThrow(
      'found here: 3 writes committed, 1 refused, 2 watches fired',
    )
  })
})
