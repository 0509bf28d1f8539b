import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeGroupValue,
  decodeOffsetsTopicKey,
  decodeOffsetValue,
  encodeGroupKey,
  encodeGroupValue,
  encodeOffsetKey,
  encodeOffsetValue,
  type OffsetsTopicLayout,
  offsetsPartitionOf,
} from '../../../src/protocol/index.ts'

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const layout = (offsetKey: 0 | 1, offsetValue: 0 | 1 | 2 | 3, groupValue: 0 | 1 | 2 | 3 = 0): OffsetsTopicLayout => ({
  offsetKey,
  offsetValue,
  groupValue,
})

describe('bytes of the offsets topic', () => {
  test('the key of an offset is version, group, topic, partition', () => {
    const key = { groupId: 'g1', topic: 'orders', partition: 3 }
    expect(hex(encodeOffsetKey(key, layout(0, 0)))).toBe('0000' + '00026731' + '00066f7264657273' + '00000003')
    expect(hex(encodeOffsetKey(key, layout(1, 1)))).toBe('0001' + '00026731' + '00066f7264657273' + '00000003')
  })

  test('the value of an offset is version, offset, metadata and one or two times; from 2.1 with the leader epoch', () => {
    const value = { offset: 258, metadata: 'hi', commitTimestamp: 1_500_000_000_000, expireTimestamp: undefined }
    const time = '0000015d3ef79800'
    expect(hex(encodeOffsetValue(value, layout(0, 0)))).toBe(`0000${'0000000000000102'}00026869${time}`)
    const timed = { ...value, expireTimestamp: 1_500_000_000_001 }
    expect(hex(encodeOffsetValue(timed, layout(1, 1)))).toBe(`0001${'0000000000000102'}00026869${time}0000015d3ef79801`)
    expect(hex(encodeOffsetValue(value, layout(1, 3)))).toBe(`0003${'0000000000000102'}${'ffffffff'}00026869${time}`)
    // A retention time of an older client's is kept in the older form.
    expect(hex(encodeOffsetValue(timed, layout(1, 3))).slice(0, 4)).toBe('0001')
  })

  test('the key of a group is version 2 and its name', () => {
    expect(hex(encodeGroupKey('g1'))).toBe('000200026731')
  })

  test('the value of a group without members has no protocol and no leader', () => {
    const group = {
      protocolType: 'consumer',
      generationId: 4,
      protocol: null,
      leaderId: null,
      stateTimestamp: 7,
      members: [],
    }
    const type = '0008636f6e73756d6572'
    expect(hex(encodeGroupValue(group, layout(1, 1, 1)))).toBe(`0001${type}00000004ffffffff00000000`)
    expect(hex(encodeGroupValue(group, layout(1, 3, 2)))).toBe(
      `0002${type}00000004ffffffff${'0000000000000007'}00000000`,
    )
  })

  test('a member has a rebalance timeout from version 1 on, and room for an id of its own from version 3 on', () => {
    const member = {
      memberId: 'm',
      clientId: 'c',
      clientHost: '/h',
      rebalanceTimeoutMs: 300,
      sessionTimeoutMs: 10,
      subscription: Uint8Array.of(1),
      assignment: Uint8Array.of(2, 3),
    }
    const group = {
      protocolType: 'consumer',
      generationId: 1,
      protocol: 'range',
      leaderId: 'm',
      stateTimestamp: -1,
      members: [member],
    }
    const head = '0008636f6e73756d6572' + '00000001' + '000572616e6765' + '00016d'
    const tail = '0000000a' + '0000000101' + '000000020203'
    expect(hex(encodeGroupValue(group, layout(1, 1, 0)))).toBe(`0000${head}00000001${'00016d000163'}00022f68${tail}`)
    expect(hex(encodeGroupValue(group, layout(1, 1, 1)))).toBe(
      `0001${head}00000001${'00016d000163'}00022f68${'0000012c'}${tail}`,
    )
    expect(hex(encodeGroupValue(group, layout(1, 3, 3)))).toBe(
      `0003${head}${'ffffffffffffffff'}00000001${'00016d'}ffff${'000163'}00022f68${'0000012c'}${tail}`,
    )
  })

  test('what is written can be read back, in every version', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 })
    const time = fc.integer({ min: 0, max: 2 ** 52 })
    const version = fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const)
    const bytes = fc.uint8Array({ maxLength: 20 })
    const member = fc.record({
      memberId: text,
      clientId: text,
      clientHost: text,
      sessionTimeoutMs: fc.nat(),
      rebalanceTimeoutMs: fc.nat(),
      subscription: bytes,
      assignment: bytes,
    })
    fc.assert(
      fc.property(text, text, fc.nat(), (groupId, topic, partition) => {
        const key = { groupId, topic, partition }
        expect(decodeOffsetsTopicKey(encodeOffsetKey(key, layout(1, 1)))).toEqual({ kind: 'offset', ...key })
        expect(decodeOffsetsTopicKey(encodeGroupKey(groupId))).toEqual({ kind: 'group', groupId })
      }),
    )
    fc.assert(
      fc.property(version, time, text, time, (offsetValue, offset, metadata, commitTimestamp) => {
        const value = { offset, metadata, commitTimestamp, expireTimestamp: undefined, leaderEpoch: -1 }
        expect(decodeOffsetValue(encodeOffsetValue(value, layout(1, offsetValue)))).toEqual(value)
      }),
    )
    fc.assert(
      fc.property(
        version,
        text,
        fc.nat(),
        time,
        fc.array(member, { maxLength: 4 }),
        (groupValue, name, generationId, at, members) => {
          const group = {
            protocolType: name,
            generationId,
            protocol: name,
            leaderId: name,
            stateTimestamp: at,
            members,
          }
          const read = decodeGroupValue(encodeGroupValue(group, layout(1, 1, groupValue)))
          expect(read).toEqual({
            ...group,
            stateTimestamp: groupValue >= 2 ? at : -1,
            members: members.map((one) =>
              groupValue >= 1 ? one : { ...one, rebalanceTimeoutMs: one.sessionTimeoutMs },
            ),
          })
        },
      ),
    )
  })
})

test.each([
  ['', 0],
  ['g1', 42],
  ['test', 48],
  ['my-group', 12],
  ['console-consumer-1', 24],
  ['polygenelubricants', 0],
])('group "%s" lies in partition %i of 50, as in Kafka', (group, partition) => {
  expect(offsetsPartitionOf(group, 50)).toBe(partition)
})
