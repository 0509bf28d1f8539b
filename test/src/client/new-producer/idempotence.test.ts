import { describe, expect, it } from 'vitest'
import { ErrorCode } from '../../../../src/protocol/index.ts'
import { batchesOf } from '../../../../src/storage/index.ts'
import type { PresetName } from '../../../../src/versions.ts'
import type { ClientWorld } from '../scripted-broker.ts'
import { javaProducer, message, pass, send } from './java-world.ts'

const { NoError, NotLeaderForPartition, OutOfOrderSequenceNumber, UnknownProducerId, MessageSizeTooLarge } = ErrorCode

const idempotent = (release: PresetName, config: Readonly<Record<string, unknown>> = {}): ClientWorld => {
  const world = javaProducer({ release, config: { 'enable.idempotence': true, ...config } })
  send(world, 'm0')
  return pass(world, 100)
}

/** `4000/0:0+1`: id, epoch, first number and how many, of each batch that came. */
function numbers(world: ClientWorld): string[] {
  return world.script.seen.flatMap(({ request }) => {
    if (request.api !== 'Produce') return []
    return request.partitions.flatMap(({ records }) =>
      [...batchesOf(records)].map(
        ({ producerId, producerEpoch, baseSequence, count }) =>
          `${producerId}/${producerEpoch}:${baseSequence}+${count}`,
      ),
    )
  })
}

/** The leader answers these, one after the other, and NoError from then on. */
function answers(world: ClientWorld, ...codes: readonly ErrorCode[]): void {
  const left = [...codes]
  world.script.produce = () => left.shift() ?? NoError
}

describe('the idempotent producer', () => {
  it('asks for an id before it sends anything, and numbers records by partition', () => {
    const world = javaProducer({ release: '1.1', leaders: [1, 1], config: { 'enable.idempotence': true } })
    send(world, 'm1', 'm2', message('n1', 10, { partition: 1 }))
    pass(world, 100)
    send(world, 'm3')
    pass(world, 100)
    expect(world.of('ProducerIdAssigned')).toMatchObject([{ producerId: 4000, epoch: 0 }])
    expect(numbers(world)).toEqual(['4000/0:0+2', '4000/0:0+1', '4000/0:2+1'])
  })

  it('waits for all acknowledgements and retries without end unless told otherwise', () => {
    const world = idempotent('0.11')
    answers(world, ...Array.from({ length: 30 }, () => NotLeaderForPartition))
    send(world, 'm1')
    pass(world, 20_000)
    expect(world.of('ProduceSent').every(({ requiredAcks }) => requiredAcks === -1)).toBe(true)
    expect(world.of('ProduceAcknowledged')).toHaveLength(2)
  })

  it('has one request in flight in 0.11 and five since', () => {
    for (const [release, most] of [
      ['0.11', 1],
      ['1.1', 5],
    ] as const) {
      const world = idempotent(release)
      world.script.produce = () => 'silent'
      for (let n = 1; n <= 7; n++) {
        send(world, `m${n}`)
        pass(world, 5)
      }
      expect(world.of('ProduceSent')).toHaveLength(1 + most)
    }
  })

  it('sends a batch again with the numbers that it had', () => {
    const world = idempotent('1.1')
    answers(world, NotLeaderForPartition)
    send(world, 'm1')
    pass(world, 1000)
    expect(numbers(world)).toEqual(['4000/0:0+1', '4000/0:1+1', '4000/0:1+1'])
  })

  it('keeps the order when one of several in flight fails: what was refused as too high comes behind it', () => {
    const world = idempotent('1.1')
    answers(world, NotLeaderForPartition, OutOfOrderSequenceNumber)
    send(world, 'm1')
    pass(world, 1)
    send(world, 'm2')
    pass(world, 1000)
    expect(world.script.log(0)).toEqual(['m0', 'm1', 'm2'])
    expect(numbers(world)).toEqual(['4000/0:0+1', '4000/0:1+1', '4000/0:2+1', '4000/0:1+1', '4000/0:2+1'])
    expect(world.of('ProducerGaveUp')).toEqual([])
  })

  it('closes the gap that a batch leaves which no retry could save (1.0 to 2.4)', () => {
    const world = idempotent('2.0')
    answers(world, MessageSizeTooLarge, OutOfOrderSequenceNumber)
    send(world, 'm1')
    pass(world, 1)
    send(world, 'm2')
    pass(world, 1000)
    expect(world.of('ProducerGaveUp')).toMatchObject([{ messages: ['m1'], error: 'RecordTooLargeException' }])
    expect(world.script.log(0)).toEqual(['m0', 'm2'])
    expect(numbers(world)).toEqual(['4000/0:0+1', '4000/0:1+1', '4000/0:2+1', '4000/0:1+1'])
  })

  it('begins a new epoch instead since 2.5 (KIP-360)', () => {
    const world = idempotent('2.7')
    answers(world, MessageSizeTooLarge, OutOfOrderSequenceNumber)
    send(world, 'm1')
    pass(world, 1)
    send(world, 'm2')
    pass(world, 1000)
    expect(world.of('ProducerSequencesReset')).toMatchObject([{ producerId: 4000, epoch: 1 }])
    expect(world.script.log(0)).toEqual(['m0', 'm2'])
    expect(numbers(world).at(-1)).toBe('4000/1:0+1')
  })

  it('gives up its id up to 2.4 when the next number is refused: records of before are missing there', () => {
    const world = idempotent('2.0')
    answers(world, OutOfOrderSequenceNumber)
    send(world, 'm1')
    pass(world, 1000)
    send(world, 'm2')
    pass(world, 1000)
    expect(world.of('ProducerGaveUp')).toMatchObject([{ messages: ['m1'], error: 'OutOfOrderSequenceException' }])
    expect(world.of('ProducerSequencesReset')).toMatchObject([{ producerId: -1 }])
    expect(world.of('ProducerIdAssigned').map(({ producerId }) => producerId)).toEqual([4000, 4001])
    expect(numbers(world).at(-1)).toBe('4001/0:0+1')
  })

  it('sends such a batch again in its next epoch since 2.5', () => {
    const world = idempotent('2.7')
    answers(world, OutOfOrderSequenceNumber)
    send(world, 'm1')
    pass(world, 1000)
    expect(world.of('ProducerGaveUp')).toEqual([])
    expect(numbers(world)).toEqual(['4000/0:0+1', '4000/0:1+1', '4000/1:0+1'])
  })

  it('begins at 0 again when the leader has forgotten it with the records that retention deleted', () => {
    const world = idempotent('2.0')
    world.script.logStartOffset = 20
    answers(world, UnknownProducerId)
    send(world, 'm1')
    pass(world, 1000)
    expect(numbers(world)).toEqual(['4000/0:0+1', '4000/0:1+1', '4000/0:0+1'])
    expect(world.of('ProduceAcknowledged')).toHaveLength(2)
  })

  it('tells the application when records were lost that it had acknowledged', () => {
    const world = idempotent('2.0')
    world.script.logStartOffset = 3
    answers(world, UnknownProducerId)
    send(world, 'm1')
    pass(world, 1000)
    expect(world.of('ProducerGaveUp')).toMatchObject([{ messages: ['m1'], error: 'UnknownProducerIdException' }])
  })

  it('does not go on under its numbers when a batch expired that may be there', () => {
    for (const [release, last] of [
      ['0.11', '4001/0:0+1'],
      ['2.4', '4001/0:0+1'],
      ['2.7', '4000/1:0+1'],
    ] as const) {
      const world = idempotent(release, { 'request.timeout.ms': 500, 'delivery.timeout.ms': 800 })
      world.script.produce = () => 'silent'
      send(world, 'm1')
      pass(world, 450)
      world.script.setLeaders([-1])
      pass(world, 2000)
      expect(world.of('ProducerGaveUp')).toMatchObject([{ messages: ['m1'], error: 'TimeoutException' }])
      answers(world)
      world.script.setLeaders([1])
      send(world, 'm2')
      pass(world, 3000)
      expect(numbers(world).at(-1)).toBe(last)
    }
  })
})

describe('idempotence by default', () => {
  it('is on from 3.0, unless a setting forbids it', () => {
    const ids = (config: Readonly<Record<string, unknown>>): number => {
      const world = javaProducer({ release: '3.3', config })
      send(world, 'm1')
      return pass(world, 1000).of('ProducerIdAssigned').length
    }
    expect([{}, { acks: '1' }, { retries: 0 }, { 'max.in.flight.requests.per.connection': 6 }].map(ids)).toEqual([
      1, 0, 0, 0,
    ])
    expect([{ 'enable.idempotence': false }, { 'max.in.flight.requests.per.connection': 5 }].map(ids)).toEqual([0, 1])
  })

  it('is off before', () => {
    const world = javaProducer({ release: '2.8' })
    send(world, 'm1')
    expect(pass(world, 1000).of('ProducerIdAssigned')).toEqual([])
    expect(numbers(world)).toEqual(['-1/-1:-1+1'])
  })
})
