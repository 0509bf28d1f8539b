// A ZooKeeper server's disk fills up or rots under a running cluster: that server stops and says why; the others go on.
import { describe, expect, it } from 'vitest'
import { held } from './play.ts'

const story = (steps: string): string => `scenario: 1
ends: 60s
cluster: { zookeeper: 3, brokers: 2, config: { zookeeper.session.timeout.ms: 6000 } }
topics:
  orders: { replicas: [[b1, b2]] }
clients:
  c1: { zookeeper: plain, server: [zk2, zk3] }
  p1: { producer: sync, config: { request.required.acks: -1 } }
steps:
${steps}
  - after: 10s
    send: { by: p1, to: orders-0, message: m1 }
    zk: { by: c1, getData: /a, name: read }
  - when: [{ message: m1, is: acked }, { operation: read, is: OK }]
    within: 5s
expect:
  state: [{ session: b1, is: alive }, { session: b2, is: alive }, { leader: orders-0, is: b1, epoch: 0 }]
`
const long = 'x'.repeat(200)

describe('a ZooKeeper server of a running cluster', () => {
  it('stops when its disk is full, though it leads: another one leads, and no session ends', () => {
    const { all } = held(
      story(
        `  - zk: { by: c1, create: /a, data: ${long}, name: first }
  - when: { operation: first, is: OK }
    fillDisk: { target: zk-leader, free: 100B }
    zk: { by: c1, setData: /a, data: ${long} }
  - when: { event: ZkDiskFailed, machine: zk3 }
    within: 5s
  - when: { zk-leader: zk2 }
    within: 15s`,
      ),
    )
    expect(all('ZkDiskFailed')).toMatchObject([{ failure: 'full', path: 'version-2/log.0000000000000000' }])
    expect(all('ZkSessionClosed').filter(({ expired }) => expired)).toEqual([])
  })

  it('does not start on a log that has rotted, and says where', () => {
    const { all } = held(
      story(
        `  - zk: { by: c1, create: /a, data: ${long}, name: first }
  - when: { operation: first, is: OK }
    crash: zk1
  - after: 1s
    corrupt: { target: zk1, file: version-2/log.0000000000000000, position: 70 }
    restart: zk1
  - when: { event: ZkDiskFailed, machine: zk1 }
    within: 5s`,
      ),
    )
    expect(all('ZkDiskFailed')).toMatchObject([{ failure: 'damaged', detail: expect.stringMatching(/damaged at \d+/) }])
    expect(all('ProcessEnded').at(-1)).toMatchObject({ how: 'exit', reason: expect.stringContaining('damaged') })
  })
})
