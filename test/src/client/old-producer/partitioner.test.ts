import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  defaultPartition,
  messageName,
  type PartitionerClass,
  type PartitionKey,
  sizedValue,
} from '../../../../src/client/index.ts'
import { fromUtf8, utf8 } from '../../../../src/host/index.ts'
import { javaAbs, javaBytesHash, javaStringHash, type ProduceRequest } from '../../../../src/protocol/index.ts'
import { readRecords } from '../../../../src/storage/index.ts'
import clientVectors from '../../../fixtures/client-vectors.json' with { type: 'json' }
import vectors from '../../../fixtures/kafka-vectors.json' with { type: 'json' }
import { producer, send, settle } from './producer-world.ts'

describe('the default partitioner', () => {
  it.each(vectors.java_string_hash)(
    'hashes $group as Java does and takes its absolute value as 0.8.2 does',
    (vector) => {
      expect(javaStringHash(vector.group)).toBe(vector.hashCode)
      expect(javaAbs(vector.hashCode)).toBe(vector.abs)
      expect(defaultPartition(vector.group, 50)).toBe(vector.offsetsPartition50_082plus)
    },
  )

  it.each(clientVectors.keys)('agrees with kafka_2.11-0.8.2.2.jar on the key $hex', (vector) => {
    const bytes = Uint8Array.from(vector.hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    const key = fromUtf8(bytes)
    expect(javaStringHash(key)).toBe(vector.hashCode)
    expect(defaultPartition(key, 7)).toBe(vector.default7)
    expect(javaBytesHash(bytes)).toBe(vector.bytesHash)
    expect(javaAbs(javaBytesHash(bytes)) % 7).toBe(vector.byteArray7)
  })

  it('names an existing partition for any key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
        const partition = defaultPartition(key, partitions)
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true)
      }),
    )
  })
})

describe('the hash of a byte array', () => {
  // java.util.Arrays.hashCode of {}, {0}, {-1}, {1, 2, 3} and the bytes of "foobar".
  it.each([
    [[], 1],
    [[0], 31],
    [[255], 30],
    [[1, 2, 3], 30817],
    [[...utf8('foobar')], (((31 ** 6) | 0) + javaStringHash('foobar')) | 0],
  ])('of %j is that of Java', (bytes, hash) => {
    expect(javaBytesHash(Uint8Array.from(bytes))).toBe(hash)
  })
})

describe('partitioner.class', () => {
  const keyed = (value: string, key = 'k') => ({ topic: 'orders', key, value })
  const leaders = [1, 1, 1, 1]
  const partitionsOf = (config: Readonly<Record<string, unknown>>, ...keys: readonly string[]): string[] => {
    const world = producer({ leaders, config })
    send(world, ...keys.map((key, i) => keyed(`m${i}`, key)))
    settle(world)
    return world.of('ProduceSent').map((event) => event.tp)
  }

  it('RoundRobinPartitioner deals messages out in turn, whatever their keys', () => {
    const dealt = partitionsOf({ 'partitioner.class': 'RoundRobinPartitioner' }, 'a', 'a', 'a', 'b', 'a')
    expect(dealt).toEqual(['orders-0', 'orders-1', 'orders-2', 'orders-3', 'orders-0'])
  })

  it('ByteArrayPartitioner hashes the bytes of a key, and fails for a key that is a text', () => {
    const config = { 'partitioner.class': 'kafka.producer.ByteArrayPartitioner' }
    const bytes = { ...config, 'key.serializer.class': 'kafka.serializer.DefaultEncoder' }
    expect(partitionsOf(bytes, 'foobar')).toEqual([`orders-${javaAbs(javaBytesHash(utf8('foobar'))) % 4}`])
    const world = producer({ leaders, config })
    send(world, keyed('m1'))
    settle(world)
    expect(world.of('ProducerGaveUp')).toMatchObject([{ error: expect.stringContaining('ClassCastException') }])
    expect(world.script.count('Produce')).toBe(0)
  })

  it('DefaultPartitioner scatters messages of one key if keys are byte arrays, which have no hash of their content', () => {
    const config = { 'key.serializer.class': 'kafka.serializer.DefaultEncoder' }
    expect(new Set(partitionsOf(config, ...Array<string>(20).fill('k'))).size).toBeGreaterThan(1)
    expect(new Set(partitionsOf({}, ...Array<string>(20).fill('k'))).size).toBe(1)
  })

  it('NullEncoder writes no key, and still chooses the partition by it', () => {
    const world = producer({ leaders, config: { 'key.serializer.class': 'kafka.serializer.NullEncoder' } })
    send(world, keyed('m1', 'g1'))
    settle(world)
    const request = world.script.seen.find((one) => one.request.api === 'Produce')!.request as ProduceRequest
    expect(request.partitions[0]!.partition).toBe(3242 % 4)
    expect(readRecords(request.partitions[0]!.records)[0]!.key).toBeNull()
  })
})

describe('a class of the application', () => {
  const world = (partitioner: PartitionerClass) => {
    const built = producer({ leaders: [1, 1], partitioner, config: { 'message.send.max.retries': 1 } })
    send(built, { topic: 'orders', key: 'k', value: 'm1' })
    return settle(built)
  }

  it('is built once with the configuration, and asked for each attempt', () => {
    const asked: Array<readonly [unknown, number]> = []
    let built = 0
    class Last {
      private readonly retries: unknown
      constructor(props: Readonly<Record<string, unknown>>) {
        built++
        this.retries = props['message.send.max.retries']
      }
      partition(key: PartitionKey, numPartitions: number): number {
        asked.push([`${key} ${this.retries}`, numPartitions])
        return numPartitions - 1
      }
    }
    expect(world(Last).script.log(1)).toEqual(['m1'])
    expect(asked).toEqual([['k 1', 2]])
    expect(built).toBe(1)
  })

  it.each([
    [() => 2, 'UnknownTopicOrPartition (partitioner: 2 is not in 0..1)'],
    [() => -1, 'UnknownTopicOrPartition (partitioner: -1 is not in 0..1)'],
    [() => 0.5, 'UnknownTopicOrPartition (partitioner: 0.5 is not in 0..1)'],
    [() => Number.NaN, 'UnknownTopicOrPartition (partitioner: NaN is not in 0..1)'],
    [
      () => {
        throw new Error('no idea')
      },
      'partitioner: no idea',
    ],
  ])('that answers outside the partitions or fails makes the send fail, retries and all (%#)', (partition, error) => {
    class Wrong {
      partition = partition
    }
    const failing = world(Wrong)
    expect(failing.of('ProduceFailed').map((event) => event.error)).toEqual([error, error])
    expect(failing.of('ProduceFailed')[0]).toMatchObject({ tp: 'orders-?', maybeAppended: false })
    expect(failing.of('ProducerGaveUp')).toMatchObject([{ messages: ['m1'], error, told: true }])
    expect(failing.script.count('Produce')).toBe(0)
  })
})

describe('a message’s name', () => {
  it('is the text before the first newline, whatever the size of the value', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[^\n]+$/), fc.integer({ min: 0, max: 300 }), (name, size) => {
        const value = sizedValue(name, size)
        expect(messageName(value)).toBe(name)
        expect(utf8(value).length).toBe(Math.max(size, utf8(name).length))
      }),
    )
  })
})
