// `lookup`: what the story, the trace and the conditions make of it, also where there is damage or nothing.
import { describe, expect, it } from 'vitest'
import type { Condition } from '../../../sim/scenario/plan.ts'
import { evaluate, explain } from '../../../sim/view/index.ts'
import { lesson, play, story } from './play.ts'

describe('the lesson on lookups', () => {
  const { told, lines } = play(lesson('offset-lookup.yaml'))

  it('tells the segment, the index entry and the scan', () => {
    expect(told).toMatch(
      new RegExp(
        [
          'b1 +looks for offset 1016 of orders-0',
          ' +segment {2}1000 of 0, 1000, 3500 \\(2 looked at\\)',
          ' +index {4}16 = 1016 - 1000: entry 10, at byte 400 \\(8 of 249 looked at\\)',
          ' +scan {5}from byte 400, 7 headers, 280 bytes: p2-17, at byte 640',
        ].join('\\n'),
      ),
    )
  })

  it('writes the same into the trace', () => {
    expect(lines.find((line) => line.includes(' OffsetLookedUp b1/orders-0 1016 '))).toContain(
      'segments=0,1000,3500 tried=1000,3500 entries=249 tried=1250,620,310,150,70,30,10,20: segment 1000, relative offset 16, entry 10:400, scanned 280 bytes (7 batches) from byte 400, found p2-17 at byte 640, CRC right',
    )
  })
})

describe('a lookup', () => {
  const plan = story(`scenario: 1
ends: 12s
cluster: { zookeeper: 1, brokers: 2 }
topics: { orders: { partitions: 1, replicas: [[b1, b2]] } }
clients: { p1: { producer: sync, config: { request.required.acks: -1 } } }
steps:
  - lookup: { offset: 0, in: b1/orders-0 }
  - send: [{ by: p1, to: orders-0, message: m1 }, { by: p1, to: orders-0, message: m2 }]
  - when: { replica: b2/orders-0, leo: 2 }
    corrupt: { target: b1, file: orders-0/00000000000000000000.log, position: 54 }
  - lookup: [{ offset: 1, in: b1/orders-0 }, { offset: 1, in: b2/orders-0 }]
  # The message's size, which says where the next one is.
  - corrupt: { target: b1, file: orders-0/00000000000000000000.log, position: 8, bit: 7 }
  - lookup: { offset: 7, in: b1/orders-0 }
expect:
  state:
    - { lookup: 0, in: b1/orders-0, segment: 0, scanned: 0, value: none }
    - { lookup: 1, in: b1/orders-0, byte: 0, scanned: 56, value: l2, crc: wrong }
    - { lookup: 1, in: b2/orders-0, scanned: 56, value: m2, crc: right }
    - { lookup: 7, in: b1/orders-0, relative: 7, value: none }
`)
  const { run, result, told } = play(plan)

  it('finds a message whose CRC is wrong, says so, and reads the right one on another replica', () => {
    expect(result.failure).toBeUndefined()
    expect(result.expectations.filter(({ held }) => !held)).toEqual([])
    expect(told).toContain('scan     from byte 0, 2 headers, 56 bytes: at byte 28, with a wrong CRC')
    expect(told).toContain('scan     from byte 0, 2 headers, 56 bytes: m2, at byte 28')
  })

  it('ends where it meets a size that cannot be', () => {
    expect(told).toMatch(/scan {5}from byte 0, 0 headers, 0 bytes: .*-\d+/)
  })

  const at = { about: 'lookup', topic: 'orders', partition: 0, span: { line: 1, column: 1, length: 1 } } as const
  const ask = (
    asked: Pick<Extract<Condition, { about: 'lookup' }>, 'broker' | 'offset'>,
  ): readonly [boolean, string] => {
    const condition = { ...at, ...asked, segment: { is: 'equal', value: 0 } } as const
    return [evaluate(condition, run.view, run.ledger), explain(condition, run.view, run.ledger)]
  }

  it('is explained where a condition on it fails', () => {
    expect(ask({ broker: 'b2', offset: 1 })).toEqual([
      true,
      'offset 1 in b2/orders-0: segment 0, relative offset 1, no entry, scanned 56 bytes (2 batches) from byte 0, found m2 at byte 28, CRC right',
    ])
    expect(ask({ broker: 'b2', offset: 0 })).toEqual([false, 'nobody has looked up offset 0 in b2/orders-0'])
  })
})
