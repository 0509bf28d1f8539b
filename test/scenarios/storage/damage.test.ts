// What power losses and flipped bits leave in a cluster, told and judged.
import { describe, expect, it } from 'vitest'
import { ScenarioRun } from '../../../sim/scenario/runner/index.ts'
import { type AnyEvent, formatEvent } from '../../../sim/view/index.ts'
import { lesson, play, story } from './play.ts'

describe('the lesson on torn writes', () => {
  it('tears the last message at a sector, and shows the file before and after recovery', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { lines } = play(lesson('torn-tail-after-power-loss.yaml'), seed)
      const sizes = lines
        .filter((line) => line.includes(' FilesListed b2/orders-0'))
        .map((line) => Number(/\.log=(\d+)/.exec(line)![1]))
      expect(sizes).toHaveLength(3)
      const [before, torn, recovered] = sizes as [number, number, number]
      expect(before).toBe(10 * 1526)
      expect(torn % 512).toBe(0)
      expect(torn).toBeGreaterThan(9 * 1526)
      expect(torn).toBeLessThan(before)
      expect(recovered).toBe(9 * 1526)
      expect(
        lines.some((line) => line.includes(`LogLoaded orders-0 0..9 recovered, ${torn - recovered} bytes cut`)),
      ).toBe(true)
    }
  })
})

describe('a power loss in a scenario', () => {
  const outage = (unsynced: string, acks: number) =>
    play(
      story(`scenario: 1
ends: 30s
cluster: { zookeeper: 1, brokers: 1 }
topics: { orders: { partitions: 1 } }
clients: { p1: { producer: sync, config: { request.required.acks: ${acks} } } }
steps:
  - { at: 8s, send: [{ by: p1, to: orders-0, message: m1 }, { by: p1, to: orders-0, message: m2 }] }
  - { when: { message: m2, is: acked }, powerOff: { target: b1, unsynced: ${unsynced} } }
  - { after: 8s, restart: b1 }
  - { when: { leader: orders-0, is: b1 }, within: 10s, caption: back }
`),
    ).run.view.brokers.b1!.replicas['orders-0']!.logEndOffset

  it('loses what was not synced, or only what it tears', () => {
    expect(outage('lost', 1)).toBe(0)
    expect(outage('torn', 1)).toBe(1)
  })

  it('is drawn where the scenario leaves it open', () => {
    const ends = new Set<number>()
    const plan = lesson('page-cache-lost-without-fsync.yaml')
    const drawn = {
      ...plan,
      steps: plan.steps.map((step) => ({
        ...step,
        actions: step.actions.map((action) => {
          if (action.do !== 'powerOff') return action
          const { unsynced: _, ...rest } = action
          return rest
        }),
      })),
    }
    for (let seed = 1; seed <= 12; seed++)
      ends.add(play(drawn, seed).run.view.brokers.b1!.replicas['cached-0']!.logEndOffset)
    expect(ends.size).toBeGreaterThan(1)
  })
})

describe('bit rot', () => {
  it('is refused by a follower since 0.10.1.1, who asks again and again', () => {
    const plan = lesson('bit-rot-met-by-a-follower.yaml')
    let refused = 0
    const run = new ScenarioRun(plan, {
      subscribers: [
        {
          messages: true,
          apply({ machine, event, atUs }) {
            const line = machine === 'b3' && event.kind === 'MessageReceived' ? formatEvent(event as AnyEvent) : ''
            if (line.includes('FetchResponse from b1') && atUs > 4_000_000) refused++
          },
        },
      ],
    })
    run.runTo(10_000_000)
    expect(refused).toBeGreaterThan(3)
    expect(run.view.brokers.b3!.replicas['orders-0']!.logEndOffset).toBe(1)
  })

  const asRelease = (protocol: '0.8.2' | '0.9' | '0.10.2') => {
    const plan = lesson('bit-rot-met-by-a-follower.yaml')
    return play({ ...plan, protocol, cluster: { ...plan.cluster, protocol } })
  }

  it('is refused in 0.10.2 as well', () => {
    expect(asRelease('0.10.2').result.held).toBe(true)
  })

  it.each(['0.8.2', '0.9'] as const)(
    'is passed over by a follower up to 0.10.1.0, as in %s: it counts as in sync without the messages',
    (protocol) => {
      const { run, result } = asRelease(protocol)
      expect(result.failure?.message).toContain('the ISR of orders-0 is [b1, b2, b3]')
      expect(run.view.brokers.b3!.replicas['orders-0']!.logEndOffset).toBe(1)
      expect(result.promises.broken.map(({ name, reason }) => [name, reason])).toEqual([
        [
          'I-CANDIDATE',
          'not promised: a follower went on behind messages that its leader’s disk had damaged, without them (before 0.10.1.1)',
        ],
      ])
    },
  )

  it('has nothing to flip where there is no such record', () => {
    const { lines } = play(
      story(`scenario: 1
ends: 5s
cluster: { zookeeper: 1, brokers: 1 }
topics: { orders: { partitions: 1 } }
steps:
  - corrupt: { in: b1/orders-0, offset: 3 }
`),
    )
    expect(lines.filter((line) => line.includes('nothing to do: b1 has no such record'))).toHaveLength(1)
  })
})
