// Records of `__consumer_offsets` in words. That Kafka's tool says the same: test/interop/kafka/offsets-topic.test.ts.
import { describe, expect, it } from 'vitest'
import { decodeOffsets } from '../../../cli/log/offsets-decoder.ts'
import {
  encodeGroupKey,
  encodeGroupValue,
  encodeMemberAssignment,
  encodeOffsetKey,
  encodeOffsetValue,
} from '../../../src/protocol/index.ts'

const layout = { offsetKey: 1, offsetValue: 3, groupValue: 3 } as const
const bytes = (text: string): Uint8Array => Buffer.from(text)
const words = (key: Uint8Array | null, value: Uint8Array | null): readonly (string | null)[] => {
  const shown = decodeOffsets({ offset: 0, timestamp: 0, key, value, headers: [] })
  return [shown.key, shown.value].map((one) => (one === null ? null : Buffer.from(one).toString()))
}

describe('the decoder of the offsets topic', () => {
  const key = encodeOffsetKey({ groupId: 'billing', topic: 'orders', partition: 3 }, layout)
  const commit = (metadata: string) =>
    encodeOffsetValue({ offset: 33, metadata, commitTimestamp: 1, expireTimestamp: undefined }, layout)

  it('names commits, with what was said beside them, and tombstones', () => {
    const name = 'offset_commit::group=billing,partition=orders-3'
    expect(words(key, commit(''))).toEqual([name, 'offset=33'])
    expect(words(key, commit('by hand'))).toEqual([name, 'offset=33,metadata=by hand'])
    expect(words(key, null)).toEqual([name, '<DELETE>'])
  })

  it('names groups: their generation, their assignor, and who has what', () => {
    const member = (memberId: string, partitions: readonly number[]) => ({
      memberId,
      clientId: memberId,
      clientHost: '/c',
      rebalanceTimeoutMs: 1,
      sessionTimeoutMs: 1,
      subscription: new Uint8Array(0),
      assignment: encodeMemberAssignment(
        partitions.map((partition) => ({ topic: 'orders', partition })),
        null,
      ),
    })
    const value = encodeGroupValue(
      {
        protocolType: 'consumer',
        generationId: 4,
        protocol: 'range',
        leaderId: 'c1',
        stateTimestamp: 1,
        members: [member('c1', [0, 1]), member('c2', [])],
      },
      layout,
    )
    expect(words(encodeGroupKey('billing'), value)).toEqual([
      'group_metadata::group=billing',
      '{"protocolType":"consumer","protocol":"range","generationId":4,"assignment":"{c1=[orders-0, orders-1],c2=[]}"}',
    ])
  })

  it('leaves bytes alone that no coordinator writes', () => {
    expect(words(bytes('alice'), bytes('paid'))).toEqual(['alice', 'paid'])
    expect(words(null, bytes('paid'))).toEqual([null, 'paid'])
    expect(words(key, bytes('?'))).toEqual([Buffer.from(key).toString(), '?'])
  })
})
