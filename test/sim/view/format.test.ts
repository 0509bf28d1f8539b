import { expect, it } from 'vitest'
import { type AnyEvent, formatMs, formatRecord, formatSeconds } from '../../../sim/view/index.ts'
import { makeZxid } from '../../../src/zookeeper/zxid.ts'
import { threeMessageLoss, tp } from './story.ts'

const line = (event: AnyEvent, atUs = 1_200_000, machine = 'b2'): string =>
  formatRecord({ seq: 0, atUs, machine, event })

it('writes time, machine and event in one line', () => {
  expect(line({ kind: 'HighWatermark', tp, role: 'follower', leaderEpoch: 3, from: 5, to: 7 })).toBe(
    '1200ms b2      HighWatermark orders-0 5→7 (follower of epoch 3)',
  )
  expect(line({ kind: 'LinkCut', from: 'b1', to: 'b3' }, 0, '')).toBe('0ms world   LinkCut b1→b3')
})

it('writes microseconds as milliseconds with as many decimals as they need', () => {
  expect([0, 1, 10, 100, 999, 1000, 1001, 1010, 1100, 12_345_678, -1500].map(formatMs)).toEqual([
    '0',
    '0.001',
    '0.01',
    '0.1',
    '0.999',
    '1',
    '1.001',
    '1.01',
    '1.1',
    '12345.678',
    '-1.5',
  ])
  expect([0, 999, 1000, 12_345_678, 60_007_000].map(formatSeconds)).toEqual([
    '0.000 s',
    '0.000 s',
    '0.001 s',
    '12.345 s',
    '60.007 s',
  ])
})

it('tells apart any two events that differ in one field that matters', () => {
  const base = {
    kind: 'ProduceFailed',
    client: 'p1',
    tp,
    messages: ['m1'],
    error: 'timeout',
    maybeAppended: true,
    retriesLeft: 2,
    broker: 1,
  } as const
  const variants: AnyEvent[] = [
    base,
    { ...base, client: 'p2' },
    { ...base, tp: 'orders-1' },
    { ...base, messages: ['m1', 'm2'] },
    { ...base, error: 'disconnected' },
    { ...base, maybeAppended: false },
    { ...base, retriesLeft: 1 },
    { ...base, broker: 2 },
  ]
  expect(new Set(variants.map((event) => line(event))).size).toBe(variants.length)
})

it('names messages by their first line, with keys, and shows messages without a value', () => {
  const messages = [
    { offset: 4, key: null, value: 'm4\n....' },
    { offset: 5, key: 'k', value: 'm5' },
    { offset: 6, key: 'k', value: null },
  ]
  expect(line({ kind: 'Appended', tp, role: 'leader', leaderEpoch: 1, messages, logEndOffset: 7 })).toBe(
    '1200ms b2      Appended orders-0 (leader of epoch 1) 4:m4 5:k=m5 6:(no value for k) leo=7',
  )
})

it('writes what a ZooKeeper commit changed', () => {
  const event: AnyEvent = {
    kind: 'ZkCommitted',
    zxid: makeZxid(2, 17),
    txn: 'multi',
    session: '0x1a',
    changes: [
      { op: 'create', path: '/a', data: '', ephemeralOwner: '0x1a' },
      { op: 'setData', path: '/b', data: 'x', version: 3 },
      { op: 'delete', path: '/c' },
    ],
  }
  expect(line(event, 0, 'zk3')).toBe('0ms zk3     ZkCommitted 2:17 multi by 0x1a +/a ephemeral of 0x1a /b=x v3 -/c')
})

it('writes a line of its own for every record of a story', () => {
  const lines = threeMessageLoss().records.map(formatRecord)
  expect(new Set(lines).size).toBe(lines.length)
  expect(
    lines.every(
      (each) => /^\d+(\.\d+)?ms \S+ +[A-Z][A-Za-z]+/.test(each) && !each.includes('\n') && !each.includes('undefined'),
    ),
  ).toBe(true)
})
