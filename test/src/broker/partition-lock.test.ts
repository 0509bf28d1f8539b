import { describe, expect, test } from 'vitest'
import { PartitionLock } from '../../../src/broker/partition-lock.ts'

describe('the lock of a partition', () => {
  test('lets work through at once while nobody holds it', () => {
    const lock = new PartitionLock()
    const done: string[] = []
    lock.whenFree(() => done.push('a'))
    expect(done).toEqual(['a'])
  })

  test('lets work wait in order of arrival while an ISR write is under way', () => {
    const lock = new PartitionLock()
    const done: string[] = []
    let release = (): void => {}
    lock.whenFree(() => lock.hold((r) => (release = r)))
    lock.whenFree(() => done.push('a'))
    lock.whenFree(() => done.push('b'))
    expect(done).toEqual([])
    release()
    expect(done).toEqual(['a', 'b'])
    expect(lock.isHeld).toBe(false)
  })

  test('stops letting work through as soon as somebody takes it again', () => {
    const lock = new PartitionLock()
    const done: string[] = []
    const releases: Array<() => void> = []
    const take = (name: string) => () => {
      done.push(name)
      lock.hold((r) => releases.push(r))
    }
    lock.whenFree(take('first'))
    lock.whenFree(take('second'))
    lock.whenFree(() => done.push('third'))
    releases[0]!()
    expect(done).toEqual(['first', 'second'])
    expect(lock.isHeld).toBe(true)
    releases[1]!()
    expect(done).toEqual(['first', 'second', 'third'])
  })
})
