import { describe, expect, test } from 'vitest'
import { type DelayedOperation, Purgatory } from '../../../src/broker/purgatory.ts'
import type { Host } from '../../../src/host/index.ts'

/** A host with nothing but timers, which the test fires. */
function timersOnly() {
  const timers: Array<{ fire: () => void; cancelled: boolean }> = []
  const host = {
    setTimer(_delay: number, _tag: string, fire: () => void) {
      const timer = { fire, cancelled: false }
      timers.push(timer)
      return { cancel: () => (timer.cancelled = true) }
    },
  } as unknown as Host
  return { host, timers }
}

function operation(partitions: string[], satisfied: () => boolean) {
  const log: string[] = []
  const op: DelayedOperation = {
    partitions,
    isSatisfied: satisfied,
    complete: () => log.push('complete'),
    digest: () => {},
  }
  return { op, log }
}

describe('the purgatory', () => {
  test('completes at once what is satisfied already, without a timer', () => {
    const { host, timers } = timersOnly()
    const { op, log } = operation(['t-0'], () => true)
    new Purgatory(host, 'produce').checkAndMaybeWatch(op, 1000)
    expect(log).toEqual(['complete'])
    expect(timers).toEqual([])
  })

  test('tries again when one of the partitions changes, and completes once', () => {
    const { host, timers } = timersOnly()
    let ready = false
    const { op, log } = operation(['t-0', 't-1'], () => ready)
    const purgatory = new Purgatory(host, 'produce')
    purgatory.checkAndMaybeWatch(op, 1000)
    purgatory.update('t-1')
    expect(log).toEqual([])
    ready = true
    purgatory.update('t-2')
    expect(log).toEqual([])
    purgatory.update('t-0')
    purgatory.update('t-1')
    expect(log).toEqual(['complete'])
    expect(timers[0]!.cancelled).toBe(true)
    expect(purgatory.waiting).toBe(0)
  })

  test('completes unsatisfied when the time is up', () => {
    const { host, timers } = timersOnly()
    const { op, log } = operation(['t-0'], () => false)
    const purgatory = new Purgatory(host, 'fetch')
    purgatory.checkAndMaybeWatch(op, 1000)
    timers[0]!.fire()
    expect(log).toEqual(['complete'])
    purgatory.update('t-0')
    expect(log).toEqual(['complete'])
  })

  test('is not confused by an operation that completes another one', () => {
    const { host } = timersOnly()
    const purgatory = new Purgatory(host, 'produce')
    let ready = false
    const second = operation(['t-0'], () => ready)
    const first: DelayedOperation = {
      partitions: ['t-0'],
      isSatisfied: () => ready,
      complete: () => purgatory.update('t-0'),
      digest: () => {},
    }
    purgatory.checkAndMaybeWatch(first, 1000)
    purgatory.checkAndMaybeWatch(second.op, 1000)
    ready = true
    purgatory.update('t-0')
    expect(second.log).toEqual(['complete'])
    expect(purgatory.waiting).toBe(0)
  })
})
