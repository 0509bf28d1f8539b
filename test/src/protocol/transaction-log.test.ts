import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeTransactionKey,
  decodeTransactionValue,
  encodeTransactionKey,
  encodeTransactionValue,
  type StoredTransaction,
  transactionLogText,
  transactionPartitionOf,
  transactionStates,
} from '../../../src/protocol/index.ts'

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const ongoing: StoredTransaction = {
  producerId: 258,
  producerEpoch: 3,
  timeoutMs: 60_000,
  state: 'Ongoing',
  partitions: [
    { topic: 'orders', partition: 1 },
    { topic: 'p', partition: 0 },
    { topic: 'orders', partition: 0 },
  ],
  lastUpdateMs: 1_500_000_000_000,
  startMs: 1_500_000_000_001,
}

const head = '0000000000000102' + '0003' + '0000ea60'
const times = '0000015d3ef79800' + '0000015d3ef79801'

describe('bytes of the transaction log', () => {
  test('a key is version 0 and the transactional id', () => {
    expect(hex(encodeTransactionKey('t1'))).toBe('0000' + '00027431')
    expect(decodeTransactionKey(encodeTransactionKey('t1'))).toBe('t1')
  })

  test('a value is id, epoch, timeout, status, partitions by topic, and two times', () => {
    const orders = '00066f7264657273' + '00000002' + '00000001' + '00000000'
    const p = '000170' + '00000001' + '00000000'
    expect(hex(encodeTransactionValue(ongoing, 'plain'))).toBe(`0000${head}01${'00000002'}${orders}${p}${times}`)
  })

  test('an id without a transaction has null for partitions', () => {
    const empty = { ...ongoing, state: 'Empty' as const, partitions: [] }
    expect(hex(encodeTransactionValue(empty, 'plain'))).toBe(`0000${head}00${'ffffffff'}${times}`)
    expect(hex(encodeTransactionValue(empty, 'tagged'))).toBe(`0001${head}00${'00'}${times}00`)
  })

  test('from 4.0 lengths are compact, and the end of a transaction says that its epoch ends with it', () => {
    const orders = `07${'6f7264657273'}03${'00000001'}${'00000000'}00`
    const p = `02${'70'}02${'00000000'}00`
    const ended = { ...ongoing, state: 'PrepareAbort' as const }
    expect(hex(encodeTransactionValue(ended, 'tagged'))).toBe(
      `0001${head}03${'03'}${orders}${p}${times}01${'02'}020002`,
    )
  })

  test('what is written is read, in both layouts', () => {
    const partition = fc.record({ topic: fc.constantFrom('a', 'b', 'c'), partition: fc.integer({ min: 0, max: 999 }) })
    const value = fc.record({
      producerId: fc.integer({ min: 0, max: 2 ** 40 }),
      producerEpoch: fc.integer({ min: -1, max: 32_767 }),
      timeoutMs: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      state: fc.constantFrom(...transactionStates.slice(0, 7)),
      partitions: fc.uniqueArray(partition, { selector: ({ topic, partition: n }) => `${topic}-${n}` }),
      lastUpdateMs: fc.integer({ min: 0, max: 2 ** 45 }),
      startMs: fc.integer({ min: -1, max: 2 ** 45 }),
    })
    fc.assert(
      fc.property(value, fc.constantFrom('plain' as const, 'tagged' as const), (stored, layout) => {
        const read = decodeTransactionValue(encodeTransactionValue(stored, layout))
        const names = ({ partitions }: StoredTransaction) => partitions.map((p) => `${p.topic}-${p.partition}`).sort()
        expect({ ...read, partitions: [] }).toEqual({ ...stored, partitions: [] })
        expect(names(read)).toEqual(stored.state === 'Empty' ? [] : names(stored))
      }),
    )
  })

  test('an id has its partition by the hash of Java', () => {
    expect(transactionPartitionOf('payments', 50)).toBe(transactionPartitionOf('payments', 50))
    expect(transactionPartitionOf('a', 50)).toBe(97 % 50)
  })

  test('bytes of another version are refused, and put into no words', () => {
    const later = encodeTransactionValue(ongoing, 'plain')
    later[1] = 2
    expect(() => decodeTransactionValue(later)).toThrow('unknown transaction value version 2')
    expect(transactionLogText(encodeTransactionKey('t1'), later)).toBeUndefined()
    expect(transactionLogText(encodeTransactionKey('t1'), encodeTransactionValue(ongoing, 'plain'))).toEqual({
      key: 't1',
      value: 'Ongoing producer 258 epoch 3 orders-1 orders-0 p-0',
    })
  })
})
