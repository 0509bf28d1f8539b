/**
 * The connection to the coordinator of a group, where offsets are kept in Kafka: `ClientUtils.channelToOffsetManager` of
 * `kafka/client/ClientUtils.scala`, release 0.8.2.2. Any broker tells who it is; asked until it does.
 */
import type { OldConsumerConfig } from '../../config/index.ts'
import { type Address, type Digest, fromMs, type Host, sleep, type Task, until } from '../../host/index.ts'
import {
  type BrokerEndpoint,
  ErrorCode,
  type FindCoordinatorRequest,
  type OffsetCommitRequest,
  type OffsetFetchRequest,
  type ResponseTo,
  type RpcFailure,
} from '../../protocol/index.ts'
import { type ExchangeResult, SyncChannel } from '../sync-channel.ts'

export interface OffsetsChannelOptions {
  readonly client: string
  readonly group: string
  readonly config: OldConsumerConfig
  readonly brokers: () => Task<readonly BrokerEndpoint[]>
}

export class OffsetsChannel {
  private readonly host: Host
  private readonly options: OffsetsChannelOptions
  private channel: SyncChannel | undefined
  private nextCorrelationId = 0

  constructor(host: Host, options: OffsetsChannelOptions) {
    this.host = host
    this.options = options
  }

  /** Blocks until the coordinator is found. */
  *connect(): Task<void> {
    while (this.channel === undefined) {
      const coordinator = yield* this.findCoordinator()
      if (coordinator === undefined) {
        yield* sleep(this.host, fromMs(this.options.config['offsets.channel.backoff.ms']), 'offsets channel back-off')
      } else {
        this.channel = this.open(coordinator)
      }
    }
  }

  /** Asks the coordinator; a failure drops the connection. */
  *call<R extends OffsetCommitRequest | OffsetFetchRequest>(
    request: (correlationId: number) => R,
  ): Task<ResponseTo<R> | RpcFailure> {
    yield* this.connect()
    const channel = this.channel!
    const asked = request(this.nextCorrelationId++)
    const result = yield* until<ExchangeResult<ResponseTo<R>>>((resume) => channel.call(asked, () => {}, resume))
    if (result.ok) return result.response
    this.disconnect()
    return result.failure
  }

  disconnect(): void {
    this.channel?.close()
    this.channel = undefined
  }

  digest(digest: Digest): void {
    digest.int(this.nextCorrelationId).boolean(this.channel !== undefined)
    this.channel?.digest(digest)
  }

  /** One round through the brokers, in random order; undefined if none knows. */
  private *findCoordinator(): Task<Address | undefined> {
    const { client, group, config } = this.options
    const left = [...(yield* this.options.brokers())]
    while (left.length > 0) {
      const [broker] = left.splice(this.host.random('coordinator').intBelow(left.length, 'broker to ask'), 1)
      const request: FindCoordinatorRequest = {
        api: 'FindCoordinator',
        correlationId: this.nextCorrelationId++,
        clientId: client,
        key: group,
        keyType: 'group',
      }
      const timeoutUs = fromMs(config['offsets.channel.socket.timeout.ms'])
      const channel = this.open({ machine: broker!.host, port: broker!.port }, timeoutUs)
      const result = yield* until<ExchangeResult<ResponseTo<FindCoordinatorRequest>>>((resume) =>
        channel.call(request, () => {}, resume),
      )
      channel.close()
      if (!result.ok) continue
      const { errorCode, coordinator } = result.response
      if (errorCode !== ErrorCode.NoError || coordinator === undefined) return undefined
      return { machine: coordinator.host, port: coordinator.port }
    }
    return undefined
  }

  private open(address: Address, timeoutUs?: number): SyncChannel {
    const { client, config } = this.options
    const timeout = timeoutUs ?? fromMs(config['offsets.channel.socket.timeout.ms'])
    return new SyncChannel(this.host, address, timeout, `${client} offsets`)
  }
}
