import { describe, expect, it } from 'vitest'
import { ControllerCluster } from './controller-cluster.ts'

const cluster = (brokers: readonly number[], config: Readonly<Record<string, unknown>> = {}): ControllerCluster => {
  const made = new ControllerCluster(config)
  made.startAll(...brokers)
  return made
}

describe('requests to brokers', () => {
  it('are sent again every 300 ms until they are answered, and the next one waits', () => {
    const c = cluster([1, 2])
    c.unlisten(2)
    c.createTopic('t', [[1, 2]])
    c.run(1000)
    expect(c.received.filter(({ broker }) => broker === 2)).toEqual([])
    c.createTopic('u', [[1, 2]])
    c.run(1000)
    c.listen(2)
    c.run(400)
    expect(c.summary().filter((line) => line.startsWith('b2'))).toEqual([
      'b2 LeaderAndIsr t-0:1/0[1,2]',
      'b2 UpdateMetadata t-0:1/0[1,2]',
      'b2 LeaderAndIsr u-0:1/0[1,2]',
      'b2 UpdateMetadata u-0:1/0[1,2]',
    ])
  })

  it('repeat the very same request when it timed out', () => {
    const c = cluster([1, 2], { 'controller.socket.timeout.ms': 2000 })
    c.mute.add(2)
    c.createTopic('t', [[1, 2]])
    c.run(5000)
    const tries = c.received.filter(({ broker }) => broker === 2)
    expect(tries).toHaveLength(3)
    expect(new Set(tries.map(({ request }) => request.correlationId)).size).toBe(1)
    expect(tries[1]!.atUs - tries[0]!.atUs).toBe(2_300_000)
  })

  it('are dropped when the broker is removed', () => {
    const c = cluster([1, 2])
    c.mute.add(2)
    c.createTopic('t', [[1, 2]])
    c.run(100)
    c.kill(2)
    c.run(100)
    c.mute.delete(2)
    c.start(2)
    const before = c.received.length
    c.run(1000)
    const first = c.received.slice(before).find(({ broker }) => broker === 2)!
    expect(first.request.api).toBe('UpdateMetadata')
    expect(c.summary(before).filter((line) => line.startsWith('b2'))[0]).toBe('b2 UpdateMetadata t-0:1/1[1]')
  })

  it('lose a try on a connection that broke while idle, as a blocking socket does', () => {
    const c = cluster([1, 2])
    c.createTopic('t', [[1, 2]])
    c.run(100)
    c.unlisten(2)
    c.run(100)
    c.listen(2)
    const since = c.network.clock.now
    c.createTopic('u', [[1, 2]])
    c.run(1000)
    const [first] = c.received.filter(({ broker, atUs }) => broker === 2 && atUs > since)
    expect(first!.atUs - since).toBeGreaterThan(300_000)
  })
})
