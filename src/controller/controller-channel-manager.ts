/**
 * Requests of the controller to brokers: for each broker one queue, first in first out, with one request in flight.
 * A request that fails is sent again over a new connection, 300 ms later, for ever, until the broker is removed.
 * `core/src/main/scala/kafka/controller/ControllerChannelManager.scala`, release 0.8.2.2.
 */
import { type Digest, fromMs, type Host, type Timer } from '../host/index.ts'
import {
  BlockingChannel,
  type BrokerEndpoint,
  type LeaderAndIsrRequest,
  type ResponseTo,
  type StopReplicaRequest,
  type UpdateMetadataRequest,
} from '../protocol/index.ts'

const RESEND_BACKOFF_US = fromMs(300)

type ControlRequest = LeaderAndIsrRequest | StopReplicaRequest | UpdateMetadataRequest

/** What is done with an answer; the next request to that broker waits until `done` is called. */
export type AnswerHandler = (response: ResponseTo<ControlRequest>, done: () => void) => void

interface Queued {
  readonly request: ControlRequest
  readonly answered: AnswerHandler | undefined
}

/** The send thread of one broker. */
class BrokerSender {
  readonly broker: BrokerEndpoint
  private readonly host: Host
  private readonly channel: BlockingChannel
  private readonly queue: Queued[] = []
  /** True from when the first request of the queue is taken up until it is answered, back-offs included. */
  private busy = false
  private backoff: Timer | undefined
  /** True once a request was answered on the connection that stands, or stood. */
  private usedConnection = false
  private stopped = false

  constructor(host: Host, broker: BrokerEndpoint, timeoutMs: number) {
    this.host = host
    this.broker = broker
    const address = { machine: broker.host, port: broker.port }
    this.channel = new BlockingChannel(host, address, fromMs(timeoutMs), `controller to broker ${broker.id}`)
  }

  add(request: ControlRequest, answered: AnswerHandler | undefined): void {
    this.queue.push({ request, answered })
    this.next()
  }

  stop(): void {
    this.stopped = true
    this.channel.close()
    this.backoff?.cancel()
    this.queue.length = 0
  }

  digest(digest: Digest): void {
    digest.int(this.broker.id).string(this.broker.host).int(this.broker.port).int(this.queue.length)
    for (const { request } of this.queue) {
      digest.string(request.api).int(request.correlationId).int(request.controllerEpoch)
    }
    digest
      .boolean(this.busy)
      .boolean(this.backoff !== undefined)
      .boolean(this.usedConnection)
    digest.boolean(this.channel.connected)
  }

  private next(): void {
    if (this.busy || this.stopped || this.queue.length === 0) return
    this.busy = true
    // A blocking socket tells that the peer hung up only when it is used: that try is lost, and the back-off follows.
    if (this.usedConnection && !this.channel.connected) this.retryLater()
    else this.send()
  }

  private send(): void {
    const { request, answered } = this.queue[0]!
    this.channel.call(request, (result) => {
      if (this.stopped) return
      if (!result.ok) return this.retryLater()
      this.usedConnection = true
      if (answered === undefined) this.sent()
      else answered(result.response, () => this.sent())
    })
  }

  /** The first request of the queue is done with. */
  private sent(): void {
    if (this.stopped) return
    this.queue.shift()
    this.busy = false
    this.next()
  }

  private retryLater(): void {
    this.usedConnection = false
    this.backoff = this.host.setTimer(RESEND_BACKOFF_US, `resend to broker ${this.broker.id}`, () => {
      this.backoff = undefined
      this.send()
    })
  }
}

export class ControllerChannelManager {
  private readonly host: Host
  private readonly timeoutMs: number
  private readonly senders = new Map<number, BrokerSender>()

  /** @param timeoutMs `controller.socket.timeout.ms` */
  constructor(host: Host, timeoutMs: number, brokers: readonly BrokerEndpoint[]) {
    this.host = host
    this.timeoutMs = timeoutMs
    for (const broker of brokers) this.addBroker(broker)
  }

  /** A broker that is known keeps its queue and its address. */
  addBroker(broker: BrokerEndpoint): void {
    if (this.senders.has(broker.id)) return
    this.senders.set(broker.id, new BrokerSender(this.host, broker, this.timeoutMs))
  }

  /** Requests that wait for it are dropped, the one in flight is forgotten. */
  removeBroker(id: number): void {
    this.senders.get(id)?.stop()
    this.senders.delete(id)
  }

  /** Queues a request; one to a broker that is not known is dropped. */
  send(broker: number, request: ControlRequest, answered?: AnswerHandler): void {
    this.senders.get(broker)?.add(request, answered)
  }

  shutdown(): void {
    for (const sender of this.senders.values()) sender.stop()
    this.senders.clear()
  }

  digest(digest: Digest): void {
    for (const sender of this.senders.values()) sender.digest(digest)
  }
}
