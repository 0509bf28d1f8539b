import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventQueue, KernelEvent } from '../../../sim/kernel/index.ts'

class Named extends KernelEvent {
  readonly name: number
  constructor(name: number) {
    super()
    this.name = name
  }
  override run(): void {}
  override digest(): void {}
}

const drain = (queue: EventQueue): number[] => {
  const names: number[] = []
  for (let event = queue.pop(); event !== undefined; event = queue.pop()) names.push((event as Named).name)
  return names
}

describe('the event queue', () => {
  test('gives events by time, and equal times by their order, whatever is cancelled, removed and retimed meanwhile', () => {
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), at: fc.nat(20) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('pop' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(300) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('remove' as const), modulo: fc.integer({ min: 2, max: 9 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('retime' as const), modulo: fc.integer({ min: 2, max: 9 }) }),
      },
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const queue = new EventQueue()
        const all: Named[] = []
        let model: Array<{ at: number; name: number }> = []
        const first = () => [...model].sort((a, b) => a.at - b.at || a.name - b.name)[0]
        for (const op of operations) {
          if (op.do === 'push') {
            const event = new Named(all.length)
            all.push(event)
            queue.push(op.at, event.name, event)
            model.push({ at: op.at, name: event.name })
          } else if (op.do === 'pop') {
            const expected = first()
            expect(queue.peekTime()).toBe(expected?.at ?? Infinity)
            expect((queue.pop() as Named | undefined)?.name).toBe(expected?.name)
            model = model.filter((entry) => entry !== expected)
          } else if (op.do === 'cancel') {
            const event = all[op.which]
            if (event !== undefined) queue.cancel(event)
            model = model.filter((entry) => entry.name !== op.which)
          } else if (op.do === 'remove') {
            queue.removeWhere((event) => (event as Named).name % op.modulo === 0)
            model = model.filter((entry) => entry.name % op.modulo !== 0)
          } else {
            queue.retime((event) => ((event as Named).name % op.modulo === 0 ? 7 : undefined))
            model = model.map((entry) => (entry.name % op.modulo === 0 ? { ...entry, at: 7 } : entry))
          }
          expect(queue.length).toBe(model.length)
        }
        const expected = [...model].sort((a, b) => a.at - b.at || a.name - b.name).map((entry) => entry.name)
        expect(queue.inOrder().map(({ event }) => (event as Named).name)).toEqual(expected)
        expect(drain(queue)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('forgets cancelled events when they are the greater part', () => {
    const queue = new EventQueue()
    const events = Array.from({ length: 1000 }, (_, i) => new Named(i))
    for (const event of events) queue.push(event.name, event.name, event)
    for (const event of events) if (event.name % 10 !== 0) queue.cancel(event)
    expect(events.filter((event) => event.queued).length).toBeLessThan(250)
    expect(drain(queue)).toEqual(Array.from({ length: 100 }, (_, i) => i * 10))
  })
})
