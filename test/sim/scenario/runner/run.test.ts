// The runner on whole clusters, with plans made by the parser from short scenario texts.
import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../../../sim/scenario/language/index.ts'
import type { ScenarioPlan } from '../../../../sim/scenario/plan.ts'
import { type RunOptions, runScenario, ScenarioRun } from '../../../../sim/scenario/runner/index.ts'
import { invariant } from '../../../../src/host/index.ts'

function plan(steps: string, expectations = ''): ScenarioPlan {
  const text = `scenario: 1
title: A story
ends: 30s
cluster: { zookeeper: 3, brokers: 3 }
topics:
  orders: { partitions: 1, replicas: [[b1, b2, b3]] }
clients:
  p1: { producer: sync, config: { request.required.acks: -1 } }
  reader: { consumer: simple, reads: orders-0 }
steps:
${steps}${expectations === '' ? '' : `expect:\n${expectations}`}`
  const parsed = parseScenario(text, 'story.yaml')
  if ('plan' in parsed) return parsed.plan
  throw new Error(parsed.diagnostics.map((diagnostic) => `${diagnostic.span.line}: ${diagnostic.message}`).join('\n'))
}

const send = '  - send: { by: p1, to: orders-0, message: m1 }\n'
/** What the trace says that the script did. */
function script(of: ScenarioPlan, options: RunOptions = {}) {
  const done: Array<{ what: string; chosen: string }> = []
  const result = runScenario(of, {
    ...options,
    subscribers: [
      {
        apply({ event }) {
          if (event.kind !== 'StepRun') return
          const { what, chosen } = event as unknown as { what: string; chosen: string }
          done.push({ what, chosen })
        },
      },
    ],
  })
  return { done, result }
}

describe('running a scenario', () => {
  it('begins when the cluster stands: the first message is appended at the first attempt', () => {
    const result = runScenario(plan(send, '  messages: { m1: { acked: true, copies: 1, read: 1 } }\n'))
    expect(result.expectations.map(({ what, held }) => [what, held])).toEqual([
      ['message m1: acked', true],
      ['message m1: copies', true],
      ['message m1: read', true],
    ])
    expect(result.messages).toMatchObject([
      { message: 'm1', by: 'p1', topicPartition: 'orders-0', offsets: [0], lost: 0 },
    ])
    expect(result.virtualMs).toBe(30_000)
  })

  it('resolves selectors by the view at that moment, and writes into the trace whom they chose', () => {
    const { done, result } = script(
      plan(
        `${send}  - when: { message: m1, is: committed }\n    crash: leader(orders-0)\n  - when: { leader: orders-0, is: b2 }\n    crash: leader(orders-0)\n`,
      ),
    )
    expect(result.failure).toBeUndefined()
    expect(done).toEqual([
      { what: 'send m1 by p1 to orders-0', chosen: '' },
      { what: 'crash leader(orders-0)', chosen: 'leader(orders-0) = b1' },
      { what: 'crash leader(orders-0)', chosen: 'leader(orders-0) = b2' },
    ])
  })

  it('fails a step whose selector finds nobody', () => {
    const result = runScenario(plan('  - at: 10ms\n    crash: controller\n', '  messages: {}\n'))
    expect(result.held).toBe(false)
    expect(result.failure).toMatchObject({ kind: 'step', atUs: 10_000, span: { line: 11 } })
    expect(result.failure?.message).toContain('controller finds nobody')
  })

  it('says in the trace that a fault found nothing to do', () => {
    const { done } = script(plan(`  - restart: b1\n`))
    expect(done).toEqual([{ what: 'restart b1 (nothing to do: b1 is running)', chosen: '' }])
  })

  it('holds back a message by name, until all is released', () => {
    const steps = `  - on: { message: FetchResponse, from: b1, to: b3 }
    hold: true
  - send: { by: p1, to: orders-0, message: m1 }
  - when: { replica: b2/orders-0, leo: 1 }
  - after: 3s
    release: all
`
    const times = new Map<string, number>()
    const result = runScenario(plan(steps, '  state:\n    - { replica: b3/orders-0, leo: 1 }\n'), {
      subscribers: [
        { apply: ({ event, machine, atUs }) => void (event.kind === 'Appended' && times.set(machine, atUs)) },
      ],
    })
    expect(result.held).toBe(true)
    expect(times.get('b2')! - times.get('b1')!).toBeLessThan(1_000_000)
    expect(times.get('b3')! - times.get('b2')!).toBeGreaterThanOrEqual(3_000_000)
  })

  it('watches what must come true at some time, and what never may', () => {
    const expectations = `  sometimes:
    - { leader: orders-0, is: b2 }
    - { leader: orders-0, is: b3 }
  never:
    - { machine: b1, is: stopped }
    - { machine: b2, is: stopped }
`
    const result = runScenario(plan(`${send}  - when: { message: m1, is: acked }\n    crash: b1\n`, expectations))
    const held = result.expectations
      .filter(({ expected }) => expected === 'at some time' || expected === 'never')
      .map((one) => one.held)
    expect(held).toEqual([true, false, false, true])
    expect(result.expectations.find(({ what }) => what === 'b3 leads orders-0')?.found).toMatch(
      /^never; at the end b2 leads/,
    )
  })

  it('measures how long a partition takes no writes', () => {
    const steps = `${send}  - when: { message: m1, is: acked }\n    crash: b1\n  - send: { by: p1, to: orders-0, message: m2 }\n`
    const expectations = '  unavailable:\n    - { partition: orders-0, operation: write, lasts: 1ms..30s }\n'
    const result = runScenario(plan(steps, expectations))
    expect(result.expectations[0]).toMatchObject({ what: 'orders-0 takes no writes', expected: 'for 1ms to 30s' })
    expect(result.expectations[0]!.found).toMatch(/^for [\d.]+m?s, from/)
  })

  it('ends a run at a broken assertion, with the kernel step, as a bug of the simulator', () => {
    let records = 0
    const result = runScenario(plan(send, '  messages: { m1: { acked: true } }\n'), {
      subscribers: [{ apply: () => invariant(++records < 100, 'the hundredth record is one too many') }],
    })
    expect(result).toMatchObject({
      held: false,
      failure: { kind: 'bug', message: 'the hundredth record is one too many' },
    })
    expect(result.failure?.kind === 'bug' && result.failure.kernelStep).toBeGreaterThan(1)
    expect(result.expectations).toMatchObject([{ what: 'the simulator', held: false }])
  })

  it('can be played piece by piece, to the same end', () => {
    const story = plan(send, '  messages: { m1: { acked: true } }\n')
    const run = new ScenarioRun(story)
    for (let us = 0; us <= 30_000_000; us += 777_777) run.runTo(us)
    run.runTo(30_000_000)
    expect(run.finish().traceHash).toBe(runScenario(story).traceHash)
  })

  it('refuses to play a plan with conditions without a view', () => {
    const story = plan(`${send}  - when: { message: m1, is: acked }\n    crash: b1\n`)
    expect(() => new ScenarioRun(story, { view: false })).toThrow('story.yaml cannot be played without a view')
  })
})
