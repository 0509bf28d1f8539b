// Oracles of transactions: what readers of committed messages are given, who may write, what becomes of a transaction.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { transactionRestOracleNames } from '../../../sim/check/index.ts'
import { parseScenario } from '../../../sim/scenario/language/index.ts'
import type { ClientPlan } from '../../../sim/scenario/plan.ts'
import { runScenario } from '../../../sim/scenario/runner/index.ts'
import { plan, Story, TP } from './story.ts'

const reader = { kind: 'consumer', name: 'c1', config: { 'isolation.level': 'read_committed' } }

class TransactionStory extends Story {
  private end = 0

  constructor() {
    super(plan({ protocol: '4.1', clients: [reader as unknown as ClientPlan] }))
    this.begin()
    this.on('p1', { kind: 'ProducerIdAssigned', client: 'p1', producerId: 1, epoch: 0 })
    this.on('p1', { kind: 'TransactionBegun', client: 'p1', transactionalId: 'payments', transaction: 1 })
  }

  /** The leader takes a message of producer 1. */
  took(value: string, epoch: number): this {
    const messages = [{ offset: this.end++, key: null, value, transaction: { producerId: 1, epoch } }]
    const place = { tp: TP, role: 'leader', leaderEpoch: 0, logEndOffset: this.end } as const
    return this.on('b1', { kind: 'Appended', ...place, messages })
  }

  /** The leader writes a marker for producer 1. */
  marker(committed: boolean, epoch: number): this {
    const markers = [{ offset: this.end++, committed, producerId: 1, epoch, coordinatorEpoch: 0 }]
    const place = { tp: TP, role: 'leader', leaderEpoch: 0, logEndOffset: this.end } as const
    return this.on('b1', { kind: 'MarkersAppended', ...place, markers })
  }

  acked(message: string, offset: number): this {
    return this.hand('p1', message)
      .send('p1', message, 1)
      .answer('b1', 'p1', offset)
      .acknowledged('p1', message, offset)
  }

  told(outcome: 'committed' | 'aborted'): this {
    const names = { client: 'p1', transactionalId: 'payments', transaction: 1 }
    return this.on('p1', { kind: 'TransactionEnding', ...names, committed: outcome === 'committed' }).on('p1', {
      kind: 'TransactionEnded',
      ...names,
      outcome,
    })
  }
}

describe('I-READ-COMMITTED', () => {
  const oracle = 'I-READ-COMMITTED'

  it('holds for a message whose transaction is committed', () => {
    const story = new TransactionStory().took('m1', 0).marker(true, 0).read('c1', 0, 'm1', 2)
    expect(story.result(oracle).held).toBe(true)
  })

  it('is broken by one whose transaction is open, or aborted', () => {
    expect(new TransactionStory().took('m1', 0).read('c1', 0, 'm1', 1).result(oracle).held).toBe(false)
    const aborted = new TransactionStory().took('m1', 0).marker(false, 0).read('c1', 0, 'm1', 2)
    expect(aborted.result(oracle).held).toBe(false)
  })
})

describe('I-EPOCH-FENCE', () => {
  it('is broken by a message of an epoch before that of a marker', () => {
    const story = new TransactionStory().took('m1', 0).marker(false, 1)
    expect(story.took('m2', 0).result('I-EPOCH-FENCE').held).toBe(false)
    expect(new TransactionStory().took('m1', 0).marker(true, 1).took('m2', 1).result('I-EPOCH-FENCE').held).toBe(true)
  })
})

describe('I-TXN-ATOMIC', () => {
  it('is broken where a leader marks a message otherwise than the application was told', () => {
    const story = (committed: boolean, outcome: 'committed' | 'aborted') =>
      new TransactionStory().took('m1', 0).acked('m1', 0).marker(committed, 0).told(outcome).result('I-TXN-ATOMIC').held
    expect(story(true, 'committed')).toBe(true)
    expect(story(false, 'committed')).toBe(false)
    expect(story(true, 'aborted')).toBe(false)
  })
})

describe('a known anomaly of older releases', () => {
  const oracles = ['I-TXN-ATOMIC', 'I-READ-COMMITTED', 'I-EPOCH-FENCE', ...transactionRestOracleNames]

  const breaches = (name: string): string[] => {
    const file = `scenarios/museum/${name}.yaml`
    const parsed = parseScenario(readFileSync(file, 'utf8'), file)
    if (!('plan' in parsed)) throw new Error(`${file} cannot be read`)
    const { failure, promises } = runScenario(parsed.plan, { oracles })
    expect(failure).toBeUndefined()
    expect(promises.broken.filter(({ permitted }) => !permitted)).toEqual([])
    return promises.broken.flatMap((promise) => promise.breaches)
  }

  it.each([
    ['M36', 'hanging-transaction'],
    ['M37', 'late-end-transaction'],
  ])('%s is named', (id, name) => {
    const all = breaches(name)
    expect(all.length).toBeGreaterThan(0)
    for (const breach of all) expect(breach).toContain(`${id}: `)
    expect(breaches(`${name}-fixed`)).toEqual([])
  })
})
