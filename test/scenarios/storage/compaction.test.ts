// Compaction in a whole cluster: what conditions, ledger, story and trace make of it, and what each setting is good for.
import { describe, expect, it } from 'vitest'
import type { ScenarioPlan } from '../../../sim/scenario/plan.ts'
import { ScenarioRun } from '../../../sim/scenario/runner/index.ts'
import { describeFate, explain } from '../../../sim/view/index.ts'
import { lesson, play, story } from './play.ts'

describe('the lesson on compaction', () => {
  const { run, lines, told } = play(lesson('compaction-keeps-last-value.yaml'))

  it('tells which message gave way to which, and why nothing was lost', () => {
    expect(told).toContain(
      'copies segment 0 of users-0 and keeps 0 of 3 records: anna-1 (key anna) gives way to anna-3',
    )
    expect(describeFate(run.ledger, 'anna-1')).toMatch(
      /^anna-1: appended by b1 at offset 0, committed, acknowledged; taken out by compaction on b1 at \d+\.\d+ s; read by reader$/,
    )
    expect(run.ledger.lostAcked()).toEqual([])
    expect(run.ledger.lostCommitted()).toEqual([])
  })

  it('lists the files of a segment together, with their sizes @shows 2.13, 2.15', () => {
    expect(told).toMatch(
      /b1 +holds in its folder users-0\/\n +0{20}\.index +0 bytes {2}no entries\n +0{20}\.log +108 bytes\n/,
    )
  })

  it('writes down how far each log is clean', () => {
    expect(lines.filter((line) => line.includes('cleaner-offset-checkpoint users-0=6'))).toHaveLength(2)
  })

  it('answers questions about a key', () => {
    const ask = (key: string) =>
      explain(
        { about: 'key', span: { line: 1, column: 1, length: 1 }, key, broker: 'b1', topic: 'users', partition: 0 },
        run.view,
        run.ledger,
      )
    expect(ask('anna')).toBe('b1/users-0 holds 2 messages with key anna, the last one anna-4 at offset 6')
    expect(ask('bert')).toBe('b1/users-0 holds 1 message with key bert, the last one bert-2 at offset 5')
    expect(ask('dora')).toBe('b1/users-0 holds no message with key dora')
  })
})

describe('compaction in a cluster', () => {
  const compacted = (cluster: string, topic: string, steps: string, expectation: string): ScenarioPlan =>
    story(`scenario: 1
ends: 90s
cluster: { zookeeper: 1, brokers: 3, config: { log.cleaner.enable: true${cluster} } }
topics: { users: { partitions: 1, replicas: [[b1, b2, b3]], config: { cleanup.policy: compact, segment.bytes: 120${topic} } } }
clients:
  p1: { producer: sync, config: { request.required.acks: -1 } }
  p2: { like: p1, sends: { to: users-0, every: 50ms, keys: 1..4, count: 200, size: 20B } }
steps:
${steps}
expect:
${expectation}
`)

  it('keeps its promises while leaders change and followers come back to a log with gaps, for any seed', () => {
    const plan = compacted(
      ', log.cleaner.backoff.ms: 500',
      '',
      `  - { at: 4s, crash: b1 }
  - { after: 3s, crash: b3 }
  - { after: 9s, restart: b1 }
  - { after: 2s, crash: b2 }
  - { after: 9s, restart: [b2, b3] }
  - { at: 70s, caption: the end }`,
      `  state: [{ isr: users-0, size: 3 }, { replica: b1/users-0, leo: ">= 150" }]
  promises: { broken: [] }`,
    )
    for (let seed = 1; seed <= 12; seed++) {
      const run = new ScenarioRun(plan, { seed })
      run.runTo(plan.endsUs)
      const result = run.finish()
      expect(result.failure).toBeUndefined()
      expect(result.expectations.filter(({ held }) => !held)).toEqual([])
      const { log } = run.view.brokers.b2!.replicas['users-0']!
      expect(log.length).toBeLessThan(100)
    }
  })

  it('stops for good in 0.8.2 where somebody sends a message without key', () => {
    const plan = compacted(
      '',
      '',
      '  - send: { by: p1, to: users-0, message: keyless }',
      '  sometimes: [{ event: LogCleaningFailed, machine: b1 }]',
    )
    const { result, lines, told } = play(plan)
    expect(result.held).toBe(true)
    expect(lines.filter((line) => line.includes('b1      LogCleaned '))).toEqual([])
    expect(told).toContain('the cleaner thread ends, and no log is compacted by it any more')
  })
})
