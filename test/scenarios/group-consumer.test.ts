// Consumers of coordinated groups in the scenario language: conditions on groups, and applications judged by their books.
import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../sim/scenario/language/index.ts'
import type { ScenarioPlan } from '../../sim/scenario/plan.ts'
import { type RunResult, ScenarioRun } from '../../sim/scenario/runner/index.ts'
import { plainPainter, verdictLines } from '../../sim/view/index.ts'

function plan(text: string): ScenarioPlan {
  const parsed = parseScenario(text, 'story.yaml')
  if ('plan' in parsed) return parsed.plan
  throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'))
}

function play(text: string): { readonly run: ScenarioRun; readonly result: RunResult } {
  const run = new ScenarioRun(plan(text))
  run.runTo(run.plan.endsUs)
  return { run, result: run.finish() }
}

const story = (processes: string, expected: string, steps = ''): string => `scenario: 1
protocol: "1.1"
ends: 25s
cluster: { zookeeper: 1, brokers: 1, config: { offsets.topic.num.partitions: 1, offsets.topic.replication.factor: 1, group.initial.rebalance.delay.ms: 0 } }
topics: { orders: { partitions: 1, replicationFactor: 1 } }
clients:
  p1: { producer: sync, config: { request.required.acks: 1 }, sends: { to: orders, every: 10ms, start: 10ms, count: 10 } }
  c1:
    consumer: group
    group: billing
    subscribes: orders
    config: { auto.offset.reset: earliest, session.timeout.ms: 6000, max.poll.records: 4 }
    processes: ${processes}
    autostart: false
  c2: { like: c1 }
steps:
  - when: { message: p1-10, is: acked }
    start: c1
  - when: { client: c1, processed: 6 }
    crash: c1
  - start: c2
${steps}
expect:
${expected}
`

const found = (result: RunResult): string[] => result.expectations.map(({ what, found }) => `${what}: ${found}`)

describe('an application that commits before it processes', () => {
  const { run, result } = play(
    story(
      '{ takes: 100ms, commit: before }',
      '  applications: { billing: { lost: 0, repeated: 0 } }\n  messages: { p1-8: { processed: 1 } }',
    ),
  )

  it('has lost what it held when it died', () => {
    expect(result.held).toBe(false)
    expect(found(result)).toEqual([
      'message p1-8: processed: 0',
      'application of billing: lost: 2: p1-7 p1-8',
      'application of billing: repeated: 0',
    ])
  })

  it('is told so, with the commit that did it', () => {
    expect(result.expectations[1]!.because).toMatch(
      /^p1-7 \(offset 6 of orders-0\) was never processed: c1 committed 8 as the next offset at [\d.]+ s, and nobody/,
    )
    const end = verdictLines(run.ledger, { painter: plainPainter, width: 200 }).join('\n')
    expect(end).toContain('The application of group billing did 8 messages; it lost p1-7 p1-8 and did none twice.')
  })
})

describe('an application that commits after it has processed', () => {
  const { run, result } = play(
    story(
      '{ takes: 100ms, commit: after }',
      '  applications: { billing: { lost: [], repeated: [p1-5], processed: 10 } }',
    ),
  )

  it('does again what was not committed', () => {
    expect(found(result)).toEqual([
      'application of billing: lost: 0',
      'application of billing: repeated: 2: p1-5 p1-6',
      'application of billing: processed: 10',
    ])
    expect(result.expectations[1]!.because).toMatch(/^p1-5 was processed by c1 at [\d.]+ s, and again by c2 at/)
  })

  it('leaves a group whose coordinator knows one member less, and what each takes for its own', () => {
    const { billing } = run.view.groups
    expect(billing).toMatchObject({ state: 'stable', members: ['c2'], assignments: { c2: ['orders-0'] } })
    expect(billing!.claims).toEqual({ c2: ['orders-0'] })
  })
})

describe('conditions on a group', () => {
  const steps = `  - when: [{ group: billing, is: stable, members: [c2], generation: ">= 2", coordinator: b1 }, { owner: orders-0, group: billing, is: c2 }]
  - stop: c2
  - when: { group: billing, is: empty, members: 0 }
    within: 1s`

  it('come true as members come, die and leave', () => {
    const { result } = play(story('{ takes: 100ms }', '  applications: { billing: { lost: 0 } }', steps))
    expect(result.failure).toBeUndefined()
    expect(result.held).toBe(true)
  })

  it('say what is so instead', () => {
    const never = '  - when: { group: billing, generation: 9 }\n    within: 10s'
    const { result } = play(story('{ takes: 100ms }', '  applications: { billing: { lost: 0 } }', never))
    expect(result.failure?.message).toMatch(
      /group billing is stable in generation 2 with c2, coordinated by b1, after \d/,
    )
  })
})
