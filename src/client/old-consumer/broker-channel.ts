/**
 * A consumer's connection to one broker: `kafka/consumer/SimpleConsumer.scala`, release 0.8.2.2. One request at a time,
 * whoever asks; a request that fails is repeated once on a new connection before it counts.
 */
import { type Address, type Digest, type Host, type Micros, type Task, until } from '../../host/index.ts'
import type { KafkaRequest, ResponseTo, RpcFailure } from '../../protocol/index.ts'
import { Mutex } from '../mutex.ts'
import { type ExchangeResult, SyncChannel } from '../sync-channel.ts'

export class BrokerChannel {
  private readonly channel: SyncChannel
  private readonly turn = new Mutex()

  constructor(host: Host, address: Address, timeoutUs: Micros, name: string) {
    this.channel = new SyncChannel(host, address, timeoutUs, name)
  }

  *call<R extends KafkaRequest>(request: R): Task<ResponseTo<R> | RpcFailure> {
    yield* this.turn.acquire()
    const attempt = () => until<ExchangeResult<ResponseTo<R>>>((resume) => this.channel.call(request, () => {}, resume))
    const first = yield* attempt()
    const result = first.ok ? first : yield* attempt()
    this.turn.release()
    return result.ok ? result.response : result.failure
  }

  /** Closes the connection; a pending request is forgotten without a word. */
  close(): void {
    this.turn.abandon()
    this.channel.close()
  }

  digest(digest: Digest): void {
    this.turn.digest(digest)
    this.channel.digest(digest)
  }
}
