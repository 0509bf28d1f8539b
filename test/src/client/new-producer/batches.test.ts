import { describe, expect, it } from 'vitest'
import { readRecords } from '../../../../src/storage/index.ts'
import { batches, javaProducer, message, pass, send } from './java-world.ts'

describe('batches of the Java producer', () => {
  it('hold what is sent before the I/O thread gets to it, even without linger.ms', () => {
    const world = javaProducer()
    send(world, 'm1', 'm2', 'm3')
    pass(world, 1000)
    expect(batches(world)).toEqual([['m1', 'm2', 'm3']])
    expect(world.of('BatchDrained')).toMatchObject([{ why: 'linger', queued: 0 }])
    expect(world.of('ProduceAcknowledged')).toMatchObject([{ messages: ['m1', 'm2', 'm3'], baseOffset: 7 }])
  })

  it('wait for linger.ms, counted from the first record', () => {
    const world = javaProducer({ config: { 'linger.ms': 50 } })
    send(world, 'm0')
    pass(world, 1000)
    send(world, 'm1')
    pass(world, 30)
    send(world, 'm2')
    pass(world, 100)
    expect(batches(world)).toEqual([['m0'], ['m1', 'm2']])
    const sent = world.timesMs('ProduceSent')
    expect(sent[1]! - 1000).toBe(50)
  })

  it('go at once when they are full, and hold no more than batch.size', () => {
    const world = javaProducer({ config: { 'linger.ms': 60_000, 'batch.size': 1000 } })
    for (let n = 1; n <= 7; n++) send(world, message(`m${n}`, 300))
    pass(world, 1000)
    expect(batches(world)).toEqual([
      ['m1', 'm2'],
      ['m3', 'm4'],
      ['m5', 'm6'],
    ])
    expect(world.of('BatchDrained').every(({ why, bytes }) => why === 'full' && bytes <= 1000)).toBe(true)
  })

  it('hold one record alone that is larger than batch.size', () => {
    const world = javaProducer({ config: { 'batch.size': 100 } })
    send(world, 'm1', message('m2', 500), 'm3')
    pass(world, 1000)
    expect(batches(world)).toEqual([['m1'], ['m2'], ['m3']])
  })

  it('go out together to one broker, one a partition, as many as fit into max.request.size', () => {
    const world = javaProducer({ leaders: [1, 1, 1], config: { 'max.request.size': 1000, 'linger.ms': 10 } })
    for (const partition of [0, 1, 2]) send(world, message(`m${partition}`, 400, { partition }))
    pass(world, 1000)
    const requests = world.script.seen.flatMap(({ request }) => (request.api === 'Produce' ? [request] : []))
    expect(requests.map(({ partitions }) => partitions.length)).toEqual([2, 1])
  })

  it('are sent when the producer closes, which ends when they are answered', () => {
    const world = javaProducer({ config: { 'linger.ms': 60_000 } })
    send(world, 'm1')
    pass(world, 100)
    expect(batches(world)).toEqual([])
    world.world.machine('p1').shutdown()
    pass(world, 100)
    expect(batches(world)).toEqual([['m1']])
    expect(world.of('BatchDrained')).toMatchObject([{ why: 'closing' }])
    expect(world.of('ProduceAcknowledged')).toHaveLength(1)
    expect(world.world.machine('p1').state).toBe('stopped')
  })

  it.each(['gzip', 'snappy', 'lz4'] as const)('go to the broker compressed with %s as one piece', (codec) => {
    const world = javaProducer({ config: { 'compression.type': codec, 'linger.ms': 10 } })
    for (let n = 1; n <= 20; n++) send(world, message(`m${n}`, 500))
    pass(world, 1000)
    const [request] = world.script.seen.flatMap(({ request: one }) => (one.api === 'Produce' ? [one] : []))
    const { records } = request!.partitions[0]!
    expect(records.length).toBeLessThan(2000)
    expect(readRecords(records)).toHaveLength(20)
    expect(world.of('BatchDrained')[0]!.bytes).toBe(records.length)
  })

  it('take in more records as the producer learns how well they compress', () => {
    const world = javaProducer({ config: { 'compression.type': 'gzip', 'batch.size': 4000, 'linger.ms': 60_000 } })
    for (let n = 1; n <= 400; n++) {
      send(world, message(`m${n}`, 500))
      pass(world, 10)
    }
    const sizes = batches(world).map(({ length }) => length)
    expect(sizes[0]).toBeLessThan(8)
    expect(sizes.at(-1)!).toBeGreaterThan(sizes[0]!)
  })
})

describe('memory of the Java producer', () => {
  const config = { 'buffer.memory': 2000, 'batch.size': 1000, 'linger.ms': 60_000 }

  it('that is used up makes send wait, and what lingers go', () => {
    const world = javaProducer({ config })
    for (let n = 1; n <= 3; n++) send(world, message(`m${n}`, 900))
    pass(world, 1000)
    expect(world.of('SendBlocked')).toMatchObject([
      { message: 'm1', why: 'metadata' },
      { message: 'm3', why: 'memory', queued: 2 },
    ])
    expect(world.of('MessageQueued').map((event) => event.message)).toEqual(['m1', 'm2', 'm3'])
    pass(world, 60_000)
    expect(world.of('ProduceAcknowledged').flatMap(({ messages }) => messages)).toEqual(['m1', 'm2', 'm3'])
  })

  it.each([
    ['0.9', 'TimeoutException'],
    ['2.8', 'BufferExhaustedException'],
  ] as const)('fails send after max.block.ms (%s: %s)', (release, error) => {
    const world = javaProducer({ release, config: { ...config, 'max.block.ms': 500, acks: '1' } })
    world.script.produce = () => 'silent'
    for (let n = 1; n <= 4; n++) send(world, message(`m${n}`, 900))
    pass(world, 2000)
    expect(world.of('MessageDropped')).toMatchObject([
      { message: 'm3', error, why: 'buffer.memory is used up' },
      { message: 'm4', error },
    ])
    const [first, second] = world.timesMs('MessageDropped')
    expect([Math.round(first!), Math.round(second! - first!)]).toEqual([504, 500])
  })

  it('in 0.8.2 makes send wait for ever, or fail at once', () => {
    for (const blocks of [true, false]) {
      const world = javaProducer({ release: '0.8.2', config: { ...config, 'block.on.buffer.full': blocks } })
      world.script.produce = () => 'silent'
      for (let n = 1; n <= 3; n++) send(world, message(`m${n}`, 900))
      pass(world, 3_600_000)
      const dropped = world.of('MessageDropped').map(({ message: name, error }) => `${name} ${error}`)
      expect(dropped).toEqual(blocks ? [] : ['m3 BufferExhaustedException'])
    }
  })
})

describe('what the Java producer refuses', () => {
  it('is a record larger than max.request.size or than its memory', () => {
    const world = javaProducer({ config: { 'max.request.size': 500, 'buffer.memory': 400, 'batch.size': 100 } })
    send(world, message('m1', 600), message('m2', 430), message('m3', 200))
    pass(world, 1000)
    expect(world.of('MessageDropped')).toMatchObject([
      { message: 'm1', error: 'RecordTooLargeException', why: '634 bytes, over max.request.size' },
      { message: 'm2', error: 'RecordTooLargeException', why: '464 bytes, over buffer.memory' },
    ])
    expect(batches(world)).toEqual([['m3']])
  })

  it('is a topic that nobody knows, after max.block.ms', () => {
    const world = javaProducer({ config: { 'max.block.ms': 700 } })
    send(world, { topic: 'nowhere', value: 'm1' }, 'm2')
    pass(world, 5000)
    expect(world.of('MessageDropped')).toMatchObject([
      { message: 'm1', error: 'TimeoutException', why: 'no metadata of nowhere' },
    ])
    // One thread: what comes after has waited too.
    expect(world.timesMs('ProduceSent')[0]).toBeGreaterThanOrEqual(700)
    expect(world.script.count('Metadata')).toBeGreaterThan(5)
  })

  it('is a partition that the topic does not have: at once up to 0.9, since then it may come yet', () => {
    for (const [release, waited] of [
      ['0.9', false],
      ['0.11', true],
    ] as const) {
      const world = javaProducer({ release, config: { 'max.block.ms': 700 } })
      send(world, message('m1', 10, { partition: 3 }))
      pass(world, 300)
      if (waited) expect(world.of('MessageDropped')).toEqual([])
      pass(world, 5000)
      expect(world.of('MessageDropped')).toMatchObject([
        { message: 'm1', error: waited ? 'TimeoutException' : 'IllegalArgumentException' },
      ])
    }
  })
})
