// The step engine on a world of its own, without Kafka: two machines that send each other numbered balls. What is true
// is a table of counters, so that each trigger can be looked at alone.
import { describe, expect, it } from 'vitest'
import type { TraceRecord } from '../../../../sim/kernel/index.ts'
import { World } from '../../../../sim/kernel/index.ts'
import type { Action, Condition, StepPlan, Trigger } from '../../../../sim/scenario/plan.ts'
import type { Observer } from '../../../../sim/scenario/runner/observer.ts'
import { StepEngine } from '../../../../sim/scenario/runner/steps.ts'
import type { Connection, Host, Process } from '../../../../src/host/index.ts'

const PORT = 7
const MS = 1_000

/** Answers each ball after a millisecond by the next one. */
class Player implements Process {
  private readonly host: Host
  private readonly serves: boolean
  constructor(host: Host, serves: boolean) {
    this.host = host
    this.serves = serves
  }
  start(): void {
    const received = (message: object, connection: Connection): void => {
      const { ball } = message as { ball: number }
      this.host.trace({ kind: 'Ball', ball } as { kind: string })
      this.host.setTimer(MS, 'think', () => connection.send({ ball: ball + 1 }, 10))
    }
    this.host.listen(PORT, () => ({ received, closed() {} }))
    if (!this.serves) return
    const connection = this.host.connect({ machine: 'left', port: PORT }, { received, closed() {} }, 1_000 * MS)
    connection.send({ ball: 1 }, 10)
  }
  digest(): void {}
}

const span = { line: 1, column: 1, length: 1 }
const tick = (machine: string, nth: number): Condition => ({ span, about: 'event', event: 'Ball', machine, nth })
const crash = (name: string): Action => ({ span, do: 'crash', targets: [{ select: 'machine', name }] })

function play(
  steps: ReadonlyArray<{ trigger: Trigger; actions?: readonly Action[]; withinUs?: number }>,
  options: { endsUs?: number; reached?: boolean; problem?: string } = {},
) {
  const world = new World({ seed: 1, network: { latencyUs: { low: 1 * MS, high: 1 * MS } } })
  for (const name of ['left', 'right']) world.addMachine(name)
  world.network.describe = (message) => ('ball' in message ? 'Ball' : 'message')
  world.machine('left').boot((host) => new Player(host, false))
  world.machine('right').boot((host) => new Player(host, true))
  const balls = new Map<string, number>()
  const events: Array<{ atMs: number; kind: string; what: string }> = []
  const observer: Observer = {
    holds: (condition) => condition.about === 'event' && (balls.get(condition.machine!) ?? 0) >= condition.nth,
    found: (condition) =>
      condition.about === 'event' ? `${condition.machine} has seen ${balls.get(condition.machine!) ?? 0}` : '',
    resolve: (target) => (target.select === 'machine' ? [target.name] : []),
  }
  const done: Array<{ atMs: number; action: string }> = []
  const plans: StepPlan[] = steps.map((step, index) => ({
    index,
    span,
    trigger: step.trigger,
    actions: step.actions ?? [],
    ...(step.withinUs === undefined ? {} : { withinUs: step.withinUs }),
  }))
  const engine = new StepEngine({
    steps: plans,
    endsUs: options.endsUs ?? 100 * MS,
    world,
    observer,
    standing: { reached: options.reached ?? true, missing: () => 'nobody leads' },
    perform(action) {
      done.push({ atMs: world.now / MS, action: action.do })
      if (action.do === 'crash')
        for (const target of action.targets) if (target.select === 'machine') world.machine(target.name).crash()
      return options.problem
    },
  })
  world.trace.subscribe((record: TraceRecord) => {
    if (record.event.kind === 'Ball') balls.set(record.machine, (balls.get(record.machine) ?? 0) + 1)
    if (record.event.kind === 'ConditionMet' || record.event.kind === 'Caption') {
      events.push({
        atMs: record.atUs / MS,
        kind: record.event.kind,
        what: (record.event as unknown as { what: string }).what,
      })
    }
    engine.observe()
  })
  engine.start()
  world.run(options.endsUs ?? 100 * MS, () => engine.failure !== undefined)
  engine.finish()
  return { engine, done, balls, events, world }
}

describe('step engine', () => {
  it('does steps without a trigger at once, in order', () => {
    const { engine, done } = play([
      { trigger: { kind: 'next' }, actions: [crash('left')] },
      { trigger: { kind: 'next' }, actions: [crash('right')] },
    ])
    expect(engine.done).toBe(true)
    expect(done).toEqual([
      { atMs: 0, action: 'crash' },
      { atMs: 0, action: 'crash' },
    ])
  })

  it('does a step at its time, and the next one so long after it', () => {
    const { done } = play([
      { trigger: { kind: 'at', us: 12 * MS }, actions: [crash('left')] },
      { trigger: { kind: 'after', us: 5 * MS }, actions: [crash('right')] },
    ])
    expect(done.map(({ atMs }) => atMs)).toEqual([12, 17])
  })

  it('does a step at the moment its conditions come true, all of them', () => {
    const { done, balls } = play([
      { trigger: { kind: 'when', conditions: [tick('left', 2), tick('right', 3)] }, actions: [crash('left')] },
    ])
    expect(done).toHaveLength(1)
    // right saw its third ball and nothing happened after it at the same time: left could not answer any more.
    expect(balls.get('right')).toBe(3)
  })

  it('does a step at once whose conditions were true before it was reached', () => {
    const { done } = play([
      { trigger: { kind: 'at', us: 50 * MS } },
      { trigger: { kind: 'when', conditions: [tick('left', 1)] }, actions: [crash('left')] },
    ])
    expect(done).toEqual([{ atMs: 50, action: 'crash' }])
  })

  it('fails a condition that did not come within its time, with what was true instead', () => {
    const { engine } = play([
      { trigger: { kind: 'when', conditions: [tick('left', 1000)] }, withinUs: 9 * MS, actions: [crash('left')] },
    ])
    expect(engine.failure?.atUs).toBe(9 * MS)
    expect(engine.failure?.message).toMatch(
      /^it did not come within 9ms\. It waits until Ball was seen 1000 times on left; instead: left has seen \d+\.$/,
    )
  })

  it('fails a condition that did not come by the end', () => {
    const { engine } = play([{ trigger: { kind: 'when', conditions: [tick('left', 1000)] } }], { endsUs: 30 * MS })
    expect(engine.failure?.message).toContain('the run ended at 30ms before it came')
  })

  it('forgets the deadline of a step that came in time', () => {
    const { engine } = play([
      { trigger: { kind: 'when', conditions: [tick('left', 1)] }, withinUs: 20 * MS },
      { trigger: { kind: 'at', us: 60 * MS } },
    ])
    expect(engine.failure).toBeUndefined()
    expect(engine.done).toBe(true)
  })

  it('fails a step whose action cannot be done, and does nothing after it', () => {
    const { engine, done } = play(
      [
        { trigger: { kind: 'next' }, actions: [crash('left')] },
        { trigger: { kind: 'next' }, actions: [crash('right')] },
      ],
      { problem: 'nobody leads' },
    )
    expect(engine.failure?.message).toBe('nobody leads')
    expect(done).toHaveLength(1)
  })

  it('waits with the first step until the cluster stands, and says what is missing', () => {
    const { engine, done } = play([{ trigger: { kind: 'next' }, actions: [crash('left')] }], {
      reached: false,
      endsUs: 20 * MS,
    })
    expect(done).toEqual([])
    expect(engine.failure?.message).toContain('It waits until the cluster stands: nobody leads.')
  })

  it('holds the nth message that is about to be delivered, and the ones behind it', () => {
    const trigger: Trigger = {
      kind: 'on',
      message: 'Ball',
      from: { select: 'machine', name: 'left' },
      to: { select: 'machine', name: 'right' },
      nth: 2,
    }
    const { engine, balls, events } = play([{ trigger, actions: [{ span, do: 'hold' }] }])
    expect(engine.done).toBe(true)
    expect(events).toMatchObject([{ kind: 'ConditionMet', what: 'Ball from left to right, number 2' }])
    expect(balls.get('right')).toBe(1)
    expect(balls.get('left')).toBe(2)
  })

  it('lets messages pass that only look alike', () => {
    const trigger: Trigger = { kind: 'on', message: 'Ball', from: { select: 'machine', name: 'nobody' }, nth: 1 }
    const { engine, balls } = play([{ trigger, actions: [{ span, do: 'hold' }] }])
    expect(engine.failure?.message).toContain('It waits for Ball from nobody')
    expect(balls.get('left')).toBeGreaterThan(10)
  })

  it('delays a message by the time given, once', () => {
    const trigger: Trigger = { kind: 'on', message: 'Ball', to: { select: 'machine', name: 'left' }, nth: 1 }
    const without = play([]).balls.get('left')!
    const { balls } = play([{ trigger, actions: [{ span, do: 'delay', us: 40 * MS }] }])
    expect(balls.get('left')).toBe(without - 10)
  })
})
