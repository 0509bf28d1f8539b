/** A cluster with a transaction coordinator, and a producer of which a test sends every request by hand. */
import type { ClusterPlan } from '../../../sim/scenario/plan.ts'
import { fromUtf8, utf8 } from '../../../src/host/index.ts'
import type { IsolationLevel } from '../../../src/protocol/index.ts'
import { buildRecords, readRecords } from '../../../src/storage/index.ts'
import { ClusterHarness, ErrorCode, PROBE } from '../broker/cluster-harness.ts'

export const ID = 'payments'

export interface Producer {
  readonly producerId: number
  readonly producerEpoch: number
}

export class TransactionProbe {
  readonly harness: ClusterHarness
  readonly coordinator: string

  constructor(protocol: ClusterPlan['protocol'], plan: Partial<ClusterPlan> = {}) {
    const brokerConfig = { 'transaction.state.log.num.partitions': 1, 'offsets.topic.num.partitions': 1 }
    const { brokerConfig: own, ...others } = plan
    this.harness = ClusterHarness.ready({ plan: { protocol, ...others, brokerConfig: { ...brokerConfig, ...own } } })
    this.coordinator = this.find('transaction', ID)
  }

  find(keyType: 'transaction' | 'group', key: string, broker = 'b1'): string {
    const { harness } = this
    const request = { api: 'FindCoordinator', correlationId: 1, clientId: PROBE, key, keyType } as const
    for (let attempt = 0; attempt < 50; attempt++) {
      const { errorCode, coordinator } = harness.answer(broker, request)
      if (errorCode === ErrorCode.NoError) return coordinator!.host
      harness.runFor(100)
    }
    return harness.fail('no coordinator')
  }

  /** @param current what a producer says that goes on after an error */
  init(current?: Producer, transactionTimeoutMs = 60_000) {
    const request = { api: 'InitProducerId', correlationId: 1, clientId: PROBE, transactionalId: ID } as const
    const { errorCode, ...producer } = this.harness.answer(this.coordinator, {
      ...request,
      transactionTimeoutMs,
      ...(current === undefined ? {} : { current }),
    })
    return { errorCode, producer: { producerId: producer.producerId, producerEpoch: producer.producerEpoch } }
  }

  /** Asks again while a transaction is being finished. */
  begun(): Producer {
    for (let attempt = 0; attempt < 50; attempt++) {
      const { errorCode, producer } = this.init()
      if (errorCode === ErrorCode.NoError) return producer
      this.harness.runFor(50)
    }
    return this.harness.fail('no producer id')
  }

  addPartition(producer: Producer, topic = 'orders', verifyOnly = false): ErrorCode {
    const partitions = [{ topic, partition: 0 }]
    const request = { api: 'AddPartitionsToTxn', correlationId: 1, clientId: PROBE, transactionalId: ID } as const
    return this.harness.answer(this.coordinator, { ...request, ...producer, partitions, verifyOnly }).partitions[0]!
      .errorCode
  }

  produce({ producerId, producerEpoch }: Producer, baseSequence: number, ...values: readonly string[]): ErrorCode {
    const records = buildRecords(
      values.map((value) => ({ timestamp: 0, key: null, value: utf8(value) })),
      { magic: 2, producerId, producerEpoch, baseSequence, isTransactional: true },
    )
    const request = {
      api: 'Produce',
      correlationId: 1,
      clientId: PROBE,
      transactionalId: ID,
      requiredAcks: -1,
      ackTimeoutMs: 5000,
      partitions: [{ topic: 'orders', partition: 0, records }],
    } as const
    return this.harness.answer(this.leader, request).partitions[0]!.errorCode
  }

  get leader(): string {
    return `b${this.harness.stateOf()!.leader}`
  }

  end(producer: Producer, committed: boolean, version: 0 | 5 = 0) {
    const request = { api: 'EndTxn', version, correlationId: 1, clientId: PROBE, transactionalId: ID } as const
    const { errorCode, producerId, producerEpoch } = this.harness.answer(this.coordinator, {
      ...request,
      ...producer,
      committed,
    })
    return { errorCode, producer: { producerId, producerEpoch } }
  }

  /** What the coordinator's log has come to say of the transaction. */
  get state(): string | undefined {
    return this.harness.seen('TransactionStateChanged').at(-1)?.to
  }

  untilState(state: string): void {
    this.harness.until(`${ID} is ${state}`, () => this.state === state)
  }

  fetch(isolationLevel: IsolationLevel, fetchOffset = 0) {
    const request = {
      api: 'Fetch',
      correlationId: 1,
      clientId: PROBE,
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 0,
    } as const
    const partitions = [{ topic: 'orders', partition: 0, fetchOffset, maxBytes: 1_000_000 }]
    const [data] = this.harness.answer(this.leader, { ...request, isolationLevel, partitions }).partitions
    const records = readRecords(data!.records, { from: fetchOffset })
    return {
      values: records.map(({ value }) => fromUtf8(value!)),
      highWatermark: data!.highWatermark,
      lastStableOffset: data!.lastStableOffset,
      aborted: data!.abortedTransactions,
    }
  }
}
