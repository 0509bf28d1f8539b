/** The probe of the harness: requests as a test writes them, and the machine that sends them. */
import { type Digest, type Host, type Process, utf8 } from '../../../src/host/index.ts'
import {
  BlockingChannel,
  type KafkaRequest,
  type KafkaResponse,
  type LeaderAndIsr,
  type LeaderAndIsrRequest,
  type PartitionState,
  type RpcResult,
} from '../../../src/protocol/index.ts'
import { buildMessageSet } from '../../../src/storage/index.ts'

export const PROBE = 'probe'

export const endpoint = (id: number) => ({ id, host: `b${id}`, port: 9092 })

export function partitionState(leaderAndIsr: Partial<LeaderAndIsr>, replicas = [1, 2, 3]): PartitionState {
  return {
    topic: 'orders',
    partition: 0,
    controllerEpoch: 1,
    replicas,
    leaderAndIsr: { leader: 1, leaderEpoch: 0, isr: [1, 2, 3], zkVersion: 0, ...leaderAndIsr },
  }
}

export const leaderAndIsrRequest = (request: Partial<LeaderAndIsrRequest>): LeaderAndIsrRequest => ({
  api: 'LeaderAndIsr',
  correlationId: 1,
  clientId: PROBE,
  controllerId: 9,
  controllerEpoch: 1000,
  partitionStates: [],
  liveLeaders: [1, 2, 3].map(endpoint),
  ...request,
})

export const messages = (values: readonly string[]): Uint8Array =>
  buildMessageSet(values.map((value) => ({ key: null, value: utf8(value) })))

export const produceRequest = (values: readonly string[], requiredAcks: number, ackTimeoutMs = 1000, name = 'orders') =>
  ({
    api: 'Produce',
    correlationId: 1,
    clientId: PROBE,
    requiredAcks,
    ackTimeoutMs,
    partitions: [{ topic: name, partition: 0, records: messages(values) }],
  }) as const

/** A machine that speaks Kafka's protocol, each request on a connection of its own. */
export class ProbeProcess implements Process {
  private readonly host: Host
  private calls = 0

  constructor(host: Host) {
    this.host = host
  }

  start(): void {}

  call(
    address: { machine: string; port: number },
    request: KafkaRequest,
    done: (result: RpcResult<KafkaResponse>) => void,
  ): void {
    const channel = new BlockingChannel(this.host, address, 40_000_000, `probe ${this.calls++}`)
    channel.call(request, (result) => {
      channel.close()
      done(result)
    })
  }

  digest(digest: Digest): void {
    digest.int(this.calls)
  }
}
