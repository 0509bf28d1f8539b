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

  // b4 is not there: the tool looks from 0.11 on, the controller up to 0.10.0, and between them nobody does.
  const withoutB4 = (protocol: string, steps: string): string =>
    `${head().replace('ends:', `protocol: "${protocol}"\nends:`)}
  - crash: b4
  - when: { session: b4, is: expired }
    within: 25s
  - after: 1s
${steps}`
  const asked = ({ all }: ReturnType<typeof held>): string[] =>
    all('AdminAsked').map(({ request, error }) => `${request}: ${error}`)

  it.each(['0.8.0', '0.9'])('to a broker that is not there is taken up and then crossed out, on %s', (protocol) => {
    const played = held(`${withoutB4(protocol, '')}
    reassign: { orders-0: [b1, b4] }
  - when: { event: StateChangeFailed }
    within: 5s
  - after: 1s
expect:
  state: [{ replicas: orders-0, is: [b1, b2] }, { znode: /admin/reassign_partitions, exists: false }]
`)
    expect(asked(played)).toEqual(['move orders-0 to b1 b4: OK'])
  })

  it('to a broker that is not there waits for it on 0.10.2, with old and new replicas together', () => {
    const played = held(`${withoutB4('0.10.2', '')}
    reassign: { orders-0: [b1, b4] }
  - when: { event: ReassignmentWaits }
    within: 5s
  - after: 10s
    reassign: { orders-0: [b2, b3] }
  - when: { replicas: orders-0, is: [b1, b4, b2] }
  - send: { by: p1, to: orders-0, message: m1 }
  - when: { message: m1, is: acked }
    within: 5s
    restart: b4
  - when: [{ replicas: orders-0, is: [b1, b4] }, { znode: /admin/reassign_partitions, exists: false }]
    within: 15s
expect:
  state: [{ isr: orders-0, is: [b1, b4] }]
  messages: { m1: { acked: true, copies: 1, lost: 0 } }
`)
    expect(asked(played)).toEqual(['move orders-0 to b1 b4: OK', 'move orders-0 to b2 b3: NodeExists'])
    expect(played.all('ReassignmentWaits')).toEqual([{ kind: 'ReassignmentWaits', tp: 'orders-0', for: [4] }])
  })

  it.each(['0.11', '2.4', '4.1'])('to a broker that is not there is refused by the tool on %s', (protocol) => {
    const played = held(`${withoutB4(protocol, '')}
    reassign: { orders-0: [b1, b4] }
  - when: { event: AdminAsked }
    within: 5s
expect:
  state: [{ replicas: orders-0, is: [b1, b2] }]
  never: [{ znode: /admin/reassign_partitions, exists: true }]
`)
    expect(asked(played)).toEqual(['move orders-0 to b1 b4: AdminCommandFailedException: no such broker: 4'])
  })

  it('to a broker that nobody has heard of, written into ZooKeeper by hand, is refused or waits for ever', () => {
    const byHand = (protocol: string): string =>
      `${head().replace('ends:', `protocol: "${protocol}"\nends:`).replace('steps:', '  hand: { zookeeper: plain }\nsteps:')}
  - zk: { by: hand, create: /admin/reassign_partitions, data: '{"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1,9]}]}' }
  - after: 20s
    send: { by: p1, to: orders-0, message: m1 }
  - when: { message: m1, is: acked }
    within: 5s
expect:
  state:`
    const refused = held(`${byHand('0.8.2')}
    - { znode: /admin/reassign_partitions, exists: false }
    - { replicas: orders-0, is: [b1, b2] }
`)
    expect(refused.all('StateChangeFailed').at(-1)!.reason).toContain('new replicas [9]')
    const waits = held(`${byHand('2.4')}
    - { znode: /admin/reassign_partitions, exists: true }
    - { isr: orders-0, is: [b1, b2] }
`)
    expect(waits.all('ReassignmentWaits')).toEqual([{ kind: 'ReassignmentWaits', tp: 'orders-0', for: [9] }])
    expect(waits.all('ReplicaDeleted')).toEqual([])
  })

  it('of a topic that has been deleted is left out by the tool, or refused', () => {
    const gone = (protocol: string): string =>
      `${head().replace('ends:', `protocol: "${protocol}"\nends:`).replace('brokers: 4, config: {', 'brokers: 4, config: { delete.topic.enable: true,')}
  - deleteTopic: orders
  - when: { event: TopicDeleted }
    within: 10s
    reassign: { orders-0: [b3] }
  - after: 1s
expect:
  state: [{ znode: /admin/reassign_partitions, exists: ${protocol === '0.8.2'} }]
`
    const told = (protocol: string): string => asked(held(gone(protocol))).at(-1)!
    expect(told('0.8.2')).toBe('move orders-0 to b3: OK')
    for (const protocol of ['0.9', '0.10.2', '2.4'])
      expect(told(protocol)).toBe('move orders-0 to b3: AdminCommandFailedException: no such partition: orders-0')
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
  it.each([
    ['2.8', 'OK'],
    ['3.3', 'ReassignmentInProgressException: partitions of orders are moving'],
  ])('while another partition moves: on %s the tool is told %s', (protocol, answer) => {
    const { all } = held(`${head().replace('ends:', `protocol: "${protocol}"\nends:`)}
  - pause: b4
  - reassign: { orders-0: [b1, b4] }
  - after: 1s
    addPartitions: { topic: orders, to: 2 }
  - after: 1s
    resume: b4
  - when: [{ replicas: orders-0, is: [b1, b4] }, { znode: /admin/reassign_partitions, exists: false }]
    within: 15s
`)
    expect(all('AdminAsked').map(({ error }) => error)).toEqual(['OK', answer])
  })

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

describe('createTopic', () => {
  const late = (protocol: string, more: string): string =>
    `${head().replace('ends:', `protocol: "${protocol}"\nends:`)}
  - crash: [b3, b4]
  - when: [{ session: b3, is: expired }, { session: b4, is: expired }]
    within: 25s
  - after: 1s
    createTopic: { topic: late, replicationFactor: 3 }
  - after: 2s
${more}`

  it.each([
    ['0.8.2', 'AdminOperationException'],
    ['0.10.2', 'InvalidReplicationFactorException'],
    ['2.4', 'InvalidReplicationFactorException'],
  ])(
    'with more replicas than brokers alive is refused on %s, and nothing stands in ZooKeeper',
    (protocol, exception) => {
      const { all } = held(`${late(protocol, '')}
expect:
  state: [{ znode: /brokers/topics/late, exists: false }]
`)
      expect(all('AdminAsked')).toEqual([
        {
          kind: 'AdminAsked',
          request: 'create topic late',
          error: `${exception}: replication factor: 3 larger than available brokers: 2`,
        },
      ])
    },
  )

  it('is tried again by the operator, until enough brokers are there', () => {
    const { all } = held(`${late(
      '0.8.2',
      `    restart: b3
  - when: { leader: late-0 }
    within: 20s`,
    )}
expect:
  state: [{ event: TopicCreated }]
`)
    expect(all('TopicCreated').at(-1)!.assignment['0']!.toSorted()).toEqual([1, 2, 3])
    expect(all('AdminAsked')).toHaveLength(1)
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
