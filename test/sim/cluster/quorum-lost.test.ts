// ZooKeeper's quorum is lost for good under a running cluster: what was decided stays in force, nothing new is decided.
import { describe, expect, it } from 'vitest'
import type { PresetName } from '../../../src/versions.ts'
import { held } from './play.ts'

const story = (protocol: PresetName): string => `scenario: 1
ends: 120s
protocol: "${protocol}"
cluster: { zookeeper: 3, brokers: 3, config: { zookeeper.session.timeout.ms: 6000, replica.lag.time.max.ms: 10000 } }
topics:
  lost: { replicas: [[b2, b3]] }
  stuck: { replicas: [[b1, b2]] }
  fine: { replicas: [[b1, b3]] }
clients:
  p: { producer: sync, config: { request.required.acks: -1, message.send.max.retries: 1, request.timeout.ms: 2000 } }
  late: { producer: sync, config: { request.required.acks: -1, message.send.max.retries: 1, request.timeout.ms: 2000 } }
steps:
  - at: 5s
    powerOff: [zk1, zk3]
  - when: { zk-server: zk2, is: looking }
    within: 20s
  - at: 40s
    createTopic: { topic: never, partitions: 1 }
    send: [{ by: p, to: lost-0, message: l1 }, { by: p, to: stuck-0, message: s1 }, { by: late, to: fine-0, message: f1 }]
  - when: [{ message: l1, is: acked }, { message: s1, is: acked }, { message: f1, is: acked }]
    within: 5s
    crash: b2
  - after: 40s
    send: [{ by: p, to: lost-0, message: l2 }, { by: late, to: fine-0, message: f2 }]
  - when: [{ message: l2, is: gave-up }, { message: f2, is: acked }]
    within: 20s
    send: { by: p, to: stuck-0, message: s2 }
  - when: { message: s2, is: gave-up }
    within: 20s
    restart: b2
expect:
  state:
    - { isr: lost-0, is: [b2, b3] }
    - { isr: stuck-0, is: [b1, b2] }
    - { isr: fine-0, is: [b1, b3] }
    - { session: b2, is: alive }
    - { zk-server: zk2, is: looking }
  never: [{ leader: lost-0, is: b3 }, { znode: /brokers/topics/never, exists: true }, { event: BrokerFailure }]
`

describe('a quorum of ZooKeeper lost for good, with all brokers alive', () => {
  it.each(['0.8.0', '0.8.2', '0.9', '0.11', '1.1', '2.4', '2.8', '3.7'] as const)(
    'ends no session, elects nobody, changes no ISR and stops no data, on %s',
    (protocol) => {
      const { all, records } = held(story(protocol))
      const lostUs = records.find(({ event }) => event.kind === 'PowerLost')!.atUs
      const since = records.filter(({ atUs }) => atUs > lostUs).map(({ event }) => event.kind)
      for (const kind of ['PartitionElected', 'IsrShrunk', 'ControllerElected', 'ZkSessionClosed', 'ZkCommitted'])
        expect(since.filter((each) => each === kind)).toEqual([])
      // Who cannot decide says so: the leader that would shrink its ISR, and the broker that would come back.
      const isrKept = all('IsrWriteWaits', 'IsrProposed').filter(({ tp }) => tp === 'stuck-0')
      expect(isrKept.length).toBeGreaterThan(0)
      expect(isrKept[0]).toMatchObject({ isr: [1] })
      const exit = all('ProcessEnded').at(-1)!
      expect(exit).toMatchObject({ how: 'exit', reason: expect.stringContaining('unable to connect to ZooKeeper') })
    },
  )
})
