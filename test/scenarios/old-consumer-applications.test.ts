// What the applications of high-level consumers lose and do twice when they die, by the way in which they commit.
import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../sim/scenario/language/index.ts'
import { ScenarioRun } from '../../sim/scenario/runner/index.ts'
import type { ProcessingOptions } from '../../src/client/index.ts'

interface Outcome {
  readonly lost: readonly string[]
  readonly repeated: readonly string[]
  readonly processed: number
  /** What the verdict says of I-PROCESSED-ONCE, if it was broken. */
  readonly reason: string | undefined
  readonly permitted: boolean | undefined
}

/** c1 dies over its fifth message, and c2 goes on where the group has committed. */
function dies({
  commit,
  more = '',
}: {
  readonly commit: ProcessingOptions['commits']
  readonly more?: string
}): Outcome {
  const text = `scenario: 1
ends: 40s
topics: { orders: { partitions: 1, replicas: [[b1, b2]] } }
clients:
  p1: { producer: sync, config: { request.required.acks: -1 }, sends: { to: orders, every: 100ms, start: 4s, count: 12 } }
  c1:
    consumer: high-level
    group: billing
    subscribes: orders
    config: { auto.offset.reset: smallest, auto.commit.interval.ms: 500, consumer.id: c1 }
    processes: { takes: 200ms, commit: ${commit}${more} }
  c2: { like: c1, autostart: false, config: { auto.offset.reset: smallest, consumer.id: c2 } }
steps:
  - when: { event: ProcessingBegan, nth: 5 }
  - after: 100ms
    crash: c1
  - start: c2
`
  const parsed = parseScenario(text, 'story.yaml')
  if (!('plan' in parsed)) throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'))
  const run = new ScenarioRun(parsed.plan)
  run.runTo(parsed.plan.endsUs)
  const { failure, promises } = run.finish()
  if (failure !== undefined) throw new Error(failure.message)
  const broken = promises.broken.find(({ name }) => name === 'I-PROCESSED-ONCE')
  return {
    lost: run.ledger.lostByApplication('billing'),
    repeated: run.ledger.applications.repeated('billing'),
    processed: run.ledger.applications.groups.get('billing')?.processed.size ?? 0,
    reason: broken?.reason,
    permitted: broken?.permitted,
  }
}

describe('the application of a high-level consumer that dies in the midst of a message', () => {
  it('loses it if it commits before it processes: at most once', () => {
    const { lost, repeated, processed, permitted, reason } = dies({ commit: 'before' })
    expect({ lost, repeated, processed, permitted }).toEqual({
      lost: ['p1-5'],
      repeated: [],
      processed: 11,
      permitted: true,
    })
    expect(reason).toContain('at most once')
  })

  it('loses nothing if it commits after each: what it had not committed is done anew', () => {
    const { lost, repeated, processed, permitted } = dies({ commit: 'after-each' })
    expect({ lost, repeated, processed, permitted }).toEqual({
      lost: [],
      repeated: [],
      processed: 12,
      permitted: undefined,
    })
  })

  it('does again all that it ever did if it never commits', () => {
    const { lost, repeated, processed, reason } = dies({ commit: 'never' })
    expect({ lost, repeated, processed }).toEqual({
      lost: [],
      repeated: ['p1-1', 'p1-2', 'p1-3', 'p1-4'],
      processed: 12,
    })
    expect(reason).toContain('nobody commits')
  })

  it('may lose what it holds, and do again what it did since, where the consumer commits by itself', () => {
    const { lost, repeated, processed, permitted, reason } = dies({ commit: 'auto' })
    expect(lost.length + processed).toBe(12)
    expect(lost.length + repeated.length).toBeGreaterThan(0)
    expect(permitted).toBe(true)
    expect(reason).toMatch(/^not promised: automatic commits/)
  })

  it('loses what another thread of it was handed, whenever it commits', () => {
    const { lost, permitted, reason } = dies({ commit: 'after-each', more: ', handsOver: true' })
    expect(lost.length).toBeGreaterThan(0)
    expect(lost).toContain('p1-5')
    expect(permitted).toBe(true)
    expect(reason).toContain('another thread')
  })
})
