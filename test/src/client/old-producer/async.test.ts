import { describe, expect, it } from 'vitest'
import { ErrorCode, type ProduceRequest } from '../../../../src/protocol/index.ts'
import { batchesOf } from '../../../../src/storage/index.ts'
import type { ClientWorld } from '../scripted-broker.ts'
import { producer, type Setup, send, settle } from './producer-world.ts'

const async = (config: Readonly<Record<string, unknown>> = {}, setup: Setup = {}): ClientWorld =>
  producer({ ...setup, config: { 'producer.type': 'async', ...config } })

const names = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `m${from + i}`)

describe('an async producer', () => {
  it('sends a batch in one request when queue.buffering.max.ms has passed since the last one', () => {
    const world = async({ 'queue.buffering.max.ms': 1000 })
    world.run(1)
    send(world, 'm1', 'm2')
    world.run(999)
    expect(world.script.count('Produce')).toBe(0)
    world.run(1100)
    send(world, 'm3')
    world.run(3000)
    expect(world.timesMs('BatchTaken')[0]).toBe(1000)
    expect(world.of('BatchTaken').map(({ messages, why, queued }) => [messages, why, queued])).toEqual([
      [['m1', 'm2'], 'time', 0],
      [['m3'], 'time', 0],
    ])
    expect(world.script.count('Produce')).toBe(2)
    expect(world.script.arrived).toEqual(['m1', 'm2', 'm3'])
    expect(world.of('ProduceAcknowledged').map((event) => event.messages)).toEqual([['m1', 'm2'], ['m3']])
  })

  it('sends a batch as soon as it holds batch.num.messages', () => {
    const world = async({ 'batch.num.messages': 3 })
    world.run(10)
    send(world, ...names(1, 7))
    world.run(50)
    expect(world.of('BatchTaken').map(({ messages, why }) => [messages.length, why])).toEqual([
      [3, 'full'],
      [3, 'full'],
    ])
    settle(world)
    expect(world.script.arrived).toEqual(names(1, 7))
  })

  it('sends each leader its share in one request, one after the other', () => {
    const world = async({ 'batch.num.messages': 4 }, { leaders: [1, 2, 1] })
    const to = (partition: number, value: string) => ({ topic: 'orders', partition, value })
    send(world, to(0, 'm1'), to(1, 'm2'), to(2, 'm3'), to(0, 'm4'))
    world.run(100)
    const requests = world.script.seen.flatMap(({ broker, request }) =>
      request.api === 'Produce' ? [[broker, request.partitions.map((part) => part.partition)]] : [],
    )
    expect(requests).toEqual([
      [1, [0, 2]],
      [2, [1]],
    ])
    expect([0, 1, 2].map((partition) => world.script.log(partition))).toEqual([['m1', 'm4'], ['m2'], ['m3']])
  })

  it('sends again only what failed', () => {
    const world = async({ 'batch.num.messages': 2 }, { leaders: [1, 1] })
    let refusals = 1
    world.script.produce = (_broker, _request, partition) =>
      partition === 1 && refusals-- > 0 ? ErrorCode.NotLeaderForPartition : ErrorCode.NoError
    send(world, 'm1', { topic: 'orders', partition: 1, value: 'm2' })
    settle(world)
    expect(world.script.log(0)).toEqual(['m1'])
    expect(world.script.log(1)).toEqual(['m2'])
    expect(world.of('ProduceFailed').map(({ messages }) => messages)).toEqual([['m2']])
  })

  it('fails the whole batch where one message has no partition', () => {
    const world = async({ 'batch.num.messages': 2, 'message.send.max.retries': 0 })
    send(world, 'm1', { topic: 'orders', partition: 5, value: 'm2' })
    settle(world)
    expect(world.script.count('Produce')).toBe(0)
    expect(world.of('ProducerGaveUp').map(({ tp, messages, error }) => [tp, messages, error])).toEqual([
      ['orders-0', ['m1'], 'UnknownTopicOrPartition'],
      ['orders-5', ['m2'], 'UnknownTopicOrPartition'],
    ])
  })

  it('tells the application nothing of a failure: only its log does', () => {
    const world = async({ 'queue.buffering.max.ms': 100 })
    world.script.produce = () => ErrorCode.NotLeaderForPartition
    send(world, 'm1')
    settle(world)
    expect(world.of('ProducerGaveUp')).toMatchObject([{ messages: ['m1'], told: false }])
  })

  it('sends what is in the queue before it closes', () => {
    const world = async()
    world.run(10)
    send(world, ...names(1, 3))
    world.run(20)
    world.world.machine('p1').shutdown()
    settle(world)
    expect(world.of('BatchTaken')).toMatchObject([{ messages: names(1, 3), why: 'closing' }])
    expect(world.script.arrived).toEqual(names(1, 3))
    expect(world.world.machine('p1').state).toBe('stopped')
  })
})

describe('a full queue', () => {
  const full = { 'batch.num.messages': 2, 'queue.buffering.max.messages': 2, 'queue.buffering.max.ms': 100 }
  /** The broker says nothing to the first request, so that the thread is stuck for a second. */
  const stuck = (config: Readonly<Record<string, unknown>>): ClientWorld => {
    const world = async({ ...full, 'request.timeout.ms': 1000, ...config })
    world.script.produce = () => (world.script.count('Produce') === 1 ? 'silent' : ErrorCode.NoError)
    world.run(10)
    send(world, ...names(1, 2))
    world.run(20)
    return world
  }

  it('makes the application wait where queue.enqueue.timeout.ms is negative', () => {
    const world = stuck({ 'queue.enqueue.timeout.ms': -1 })
    send(world, ...names(3, 8))
    world.run(500)
    expect(world.of('MessageQueued').map(({ message }) => message)).toEqual(names(1, 4))
    expect(world.of('SendBlocked')).toMatchObject([{ message: 'm5', queued: 2 }])
    settle(world)
    expect(world.of('MessageDropped')).toEqual([])
    expect(world.script.arrived).toEqual([...names(1, 2), ...names(1, 8)])
  })

  it('drops at once where it is 0, and tells the application', () => {
    const world = stuck({ 'queue.enqueue.timeout.ms': 0 })
    send(world, ...names(3, 6))
    settle(world)
    expect(world.of('MessageDropped').map(({ message, error }) => `${message} ${error}`)).toEqual([
      'm5 QueueFullException',
      'm6 QueueFullException',
    ])
    expect(world.script.arrived).toEqual([...names(1, 2), ...names(1, 4)])
  })

  it('drops after waiting that long where it is positive; a message that gets room in time is taken', () => {
    const world = stuck({ 'queue.enqueue.timeout.ms': 400 })
    send(world, ...names(3, 7))
    settle(world)
    // m5 and m6 wait for 400 ms one after the other; m7 has waited for about 200 ms when the thread goes on.
    const dropped = world.of('MessageDropped').map(({ message }) => message)
    expect(dropped).toEqual(['m5', 'm6'])
    const [first, second] = world.timesMs('MessageDropped')
    expect(second! - first!).toBe(400)
    expect(world.script.arrived).toEqual([...names(1, 2), ...names(1, 4), 'm7'])
  })
})

describe('compression', () => {
  const codecs = ['gzip', 'snappy', 'lz4'] as const

  it.each(codecs)('sends a batch as one %s wrapper', (codec) => {
    const world = async({ 'batch.num.messages': 3, 'compression.codec': codec })
    send(world, ...names(1, 3))
    settle(world)
    expect(world.script.arrived).toEqual(names(1, 3))
    const sent = world.script.seen.find(({ request }) => request.api === 'Produce')!.request
    const { records } = (sent as ProduceRequest).partitions[0]!
    expect([...batchesOf(records)].map((batch) => batch.codecId)).toEqual([codecs.indexOf(codec) + 1])
  })

  it('leaves topics alone that compressed.topics does not name', () => {
    const world = async({ 'batch.num.messages': 1, 'compression.codec': 'gzip', 'compressed.topics': 'logs, metrics' })
    send(world, 'm1')
    settle(world)
    const sent = world.script.seen.find(({ request }) => request.api === 'Produce')!.request
    expect([...batchesOf((sent as ProduceRequest).partitions[0]!.records)][0]!.codecId).toBe(0)
  })
})
