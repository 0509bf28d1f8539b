// The transaction coordinator and the leaders' part in transactions, request by request.
import { describe, expect, test } from 'vitest'
import { NO_GENERATION, type TxnOffsetCommitRequest } from '../../../src/protocol/index.ts'
import { ErrorCode, PROBE } from '../broker/cluster-harness.ts'
import { ID, TransactionProbe } from './transaction-probe.ts'

describe('a transaction', () => {
  const probe = new TransactionProbe('1.1')
  const producer = probe.begun()

  test('begins with an id and epoch 0', () => {
    expect(producer.producerEpoch).toBe(0)
    expect(probe.state).toBe('Empty')
  })

  test('is ongoing from its first partition on, and holds the last stable offset at its first record', () => {
    expect(probe.addPartition(producer)).toBe(ErrorCode.NoError)
    expect(probe.state).toBe('Ongoing')
    expect(probe.produce(producer, 0, 'm1', 'm2')).toBe(ErrorCode.NoError)
    const { values, highWatermark, lastStableOffset } = probe.fetch('read_committed')
    expect({ values, highWatermark, lastStableOffset }).toEqual({ values: [], highWatermark: 2, lastStableOffset: 0 })
    expect(probe.fetch('read_uncommitted').values).toEqual(['m1', 'm2'])
  })

  test('is committed by a marker in each partition, and then by a record in the log of its coordinator', () => {
    expect(probe.end(producer, true).errorCode).toBe(ErrorCode.NoError)
    probe.untilState('CompleteCommit')
    expect(probe.fetch('read_committed')).toEqual({
      values: ['m1', 'm2'],
      highWatermark: 3,
      lastStableOffset: 3,
      aborted: [],
    })
  })

  test('may be ended the same way once more, for the answer may have been lost, but not the other way', () => {
    expect(probe.end(producer, true).errorCode).toBe(ErrorCode.NoError)
    expect(probe.end(producer, false).errorCode).toBe(ErrorCode.InvalidTxnState)
  })

  test('that is aborted is named in answers to readers of committed ones', () => {
    probe.addPartition(producer)
    probe.produce(producer, 2, 'm3')
    probe.end(producer, false)
    probe.untilState('CompleteAbort')
    const { producerId } = producer
    expect(probe.fetch('read_committed').aborted).toEqual([{ producerId, firstOffset: 3 }])
    expect(probe.fetch('read_committed', 5).aborted).toEqual([])
  })

  test('is over when its producer begins anew: the next epoch fences what has the old one (47)', () => {
    probe.addPartition(producer)
    probe.produce(producer, 3, 'm4')
    expect(probe.init().errorCode).toBe(ErrorCode.ConcurrentTransactions)
    const next = probe.begun()
    // One epoch to fence the old one, one for the new.
    expect(next).toEqual({ ...producer, producerEpoch: 2 })
    expect(probe.addPartition(producer)).toBe(ErrorCode.InvalidProducerEpoch)
    expect(probe.end(producer, true).errorCode).toBe(ErrorCode.InvalidProducerEpoch)
    expect(probe.produce(producer, 4, 'm5')).toBe(ErrorCode.InvalidProducerEpoch)
  })

  test('of an unknown producer is refused (49), with a line in the trace', () => {
    const stranger = { producerId: 999, producerEpoch: 0 }
    expect(probe.addPartition(stranger)).toBe(ErrorCode.InvalidProducerIdMapping)
    expect(probe.harness.seen('TransactionRequestRefused').at(-1)).toMatchObject({
      api: 'AddPartitionsToTxn',
      transactionalId: ID,
      client: PROBE,
      errorCode: ErrorCode.InvalidProducerIdMapping,
    })
  })

  test('of a partition that is not there is refused (3)', () => {
    expect(probe.addPartition(probe.begun(), 'nothing')).toBe(ErrorCode.UnknownTopicOrPartition)
  })

  test('with a timeout that no coordinator grants is refused (50)', () => {
    expect(probe.init(undefined, 900_001).errorCode).toBe(ErrorCode.InvalidTransactionTimeout)
  })

  test('is not asked of a broker that coordinates others', () => {
    const other = ['b1', 'b2', 'b3'].find((name) => name !== probe.coordinator)!
    const request = { api: 'InitProducerId', correlationId: 1, clientId: PROBE, transactionalId: ID } as const
    const { errorCode } = probe.harness.answer(other, { ...request, transactionTimeoutMs: 1000 })
    expect(errorCode).toBe(ErrorCode.NotCoordinatorForConsumer)
  })
})

describe('offsets in a transaction', () => {
  const probe = new TransactionProbe('2.7')
  const group = probe.find('group', 'billing')
  const producer = probe.begun()
  const sent = (offset: number, fields: Partial<TxnOffsetCommitRequest> = {}) =>
    probe.harness.answer(group, {
      api: 'TxnOffsetCommit',
      version: 3,
      correlationId: 1,
      clientId: PROBE,
      transactionalId: ID,
      groupId: 'billing',
      ...producer,
      generationId: NO_GENERATION,
      memberId: '',
      partitions: [{ topic: 'orders', partition: 0, offset, metadata: null }],
      ...fields,
    }).partitions[0]!.errorCode
  const fetched = (requireStable: boolean) => {
    const { partitions } = probe.harness.answer(group, {
      api: 'OffsetFetch',
      version: 7,
      correlationId: 1,
      clientId: PROBE,
      groupId: 'billing',
      requireStable,
      partitions: [{ topic: 'orders', partition: 0 }],
    })
    return { offset: partitions[0]!.offset, errorCode: partitions[0]!.errorCode }
  }
  const add = () => {
    const request = { api: 'AddOffsetsToTxn', correlationId: 1, clientId: PROBE, transactionalId: ID } as const
    return probe.harness.answer(probe.coordinator, { ...request, ...producer, groupId: 'billing' }).errorCode
  }

  test('wait for its end: whoever wants stable ones is told to ask again (88)', () => {
    expect(add()).toBe(ErrorCode.NoError)
    expect(sent(5)).toBe(ErrorCode.NoError)
    expect(fetched(false)).toEqual({ offset: -1, errorCode: ErrorCode.NoError })
    expect(fetched(true)).toEqual({ offset: -1, errorCode: ErrorCode.UnstableOffsetCommit })
    probe.end(producer, true)
    probe.harness.until('the offset counts', () => fetched(true).offset === 5)
  })

  test('are dropped with it', () => {
    probe.harness.until('it can be added to', () => add() === ErrorCode.NoError)
    expect(sent(9)).toBe(ErrorCode.NoError)
    probe.end(producer, false)
    probe.untilState('CompleteAbort')
    probe.harness.until('the offset is dropped', () => probe.harness.seen('TxnOffsetsDropped').length > 0)
    expect(fetched(true)).toEqual({ offset: 5, errorCode: ErrorCode.NoError })
  })

  test('of who is no member, or of another generation, are refused (25, 22)', () => {
    expect(sent(9, { memberId: 'nobody' })).toBe(ErrorCode.UnknownMemberId)
    expect(sent(9, { generationId: 7 })).toBe(ErrorCode.IllegalGeneration)
  })
})

describe('a coordinator that fails over', () => {
  test('is followed by one that reads the log, and finishes what was decided', () => {
    const probe = new TransactionProbe('1.1')
    const { harness } = probe
    const producer = probe.begun()
    probe.addPartition(producer)
    probe.produce(producer, 0, 'm1')
    const { coordinator } = probe
    probe.end(producer, true)
    expect(probe.state).toBe('PrepareCommit')
    harness.world.machine(coordinator).crash()
    harness.until(
      'the transaction is complete',
      () => harness.seen('TransactionStateChanged').at(-1)?.to === 'CompleteCommit',
    )
    expect(harness.seen('TransactionsLoaded').some(({ machine }) => machine !== coordinator)).toBe(true)
    expect(probe.fetch('read_committed').values).toEqual(['m1'])
  })
})

describe('a transaction that nobody ends', () => {
  test('is aborted by its coordinator after transaction.timeout.ms, which fences the producer', () => {
    const interval = 'transaction.abort.timed.out.transaction.cleanup.interval.ms'
    const probe = new TransactionProbe('2.7', { brokerConfig: { [interval]: 1000 } })
    const { producer } = probe.init(undefined, 2000)
    probe.addPartition(producer)
    probe.produce(producer, 0, 'm1')
    probe.untilState('CompleteAbort')
    expect(probe.harness.seen('TransactionTimedOut')).toHaveLength(1)
    // From 2.7 on the coordinator's own error (KIP-588).
    expect(probe.end(producer, true).errorCode).toBe(ErrorCode.ProducerFenced)
    // KIP-360: it may not go on either, for it has been fenced.
    expect(probe.init(producer).errorCode).toBe(ErrorCode.ProducerFenced)
  })
})

describe('leaders that ask the coordinator first (KIP-890)', () => {
  const probe = new TransactionProbe('3.7')
  const producer = probe.begun()

  test('take nothing that the coordinator knows nothing of', () => {
    expect(probe.produce(producer, 0, 'm1')).toBe(ErrorCode.InvalidTxnState)
    expect(probe.harness.seen('TransactionNotVerified')).toHaveLength(1)
    expect(probe.fetch('read_uncommitted').values).toEqual([])
  })

  test('take what was added', () => {
    probe.addPartition(producer)
    expect(probe.produce(producer, 0, 'm1')).toBe(ErrorCode.NoError)
    probe.end(producer, true)
    probe.untilState('CompleteCommit')
    // A late batch of a transaction that is over begins no other one.
    expect(probe.produce(producer, 1, 'm2')).toBe(ErrorCode.InvalidTxnState)
  })
})

describe('transactions with an epoch each (4.0)', () => {
  const probe = new TransactionProbe('4.1')
  const first = probe.begun()

  test('need no request before the first record: the leader adds the partition', () => {
    expect(probe.produce(first, 0, 'm1')).toBe(ErrorCode.NoError)
    expect(probe.state).toBe('Ongoing')
  })

  test('give their producer the next epoch as they end, also to one that asks again', () => {
    const next = { ...first, producerEpoch: 1 }
    expect(probe.end(first, true, 5)).toEqual({ errorCode: ErrorCode.NoError, producer: next })
    probe.untilState('CompleteCommit')
    expect(probe.end(first, true, 5)).toEqual({ errorCode: ErrorCode.NoError, producer: next })
  })

  test('are out of reach of what is late: a batch, or an end, of the transaction before', () => {
    const next = { ...first, producerEpoch: 1 }
    probe.harness.until('the next one has begun', () => probe.produce(next, 0, 'm2') === ErrorCode.NoError)
    expect(probe.end(first, false, 5).errorCode).toBe(ErrorCode.ProducerFenced)
    expect(probe.produce(first, 1, 'm3')).toBe(ErrorCode.InvalidProducerEpoch)
    expect(probe.end(next, true, 5).errorCode).toBe(ErrorCode.NoError)
    probe.untilState('CompleteCommit')
    expect(probe.fetch('read_committed').values).toEqual(['m1', 'm2'])
  })
})
