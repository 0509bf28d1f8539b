/**
 * A leader's requests to the controller for new ISRs (KIP-497; `kafka/server/AlterPartitionManager.scala` and
 * `NodeToControllerChannelManager.scala`, 3.7.0): one change a partition and one request at a time, sent again until some
 * controller has answered it.
 */
import { type Digest, fromMs, type Host, type Micros, type Timer } from '../host/index.ts'
import {
  type AlterPartitionRequest,
  type AlterPartitionResponse,
  BlockingChannel,
  type BrokerEndpoint,
  ErrorCode,
  type LeaderAndIsr,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
} from '../protocol/index.ts'

/** Pause before a request is made anew that the controller refused as a whole. */
const RETRY_MS = 50
/** Pause before the controller is looked for, or connected to, once more. */
const RECONNECT_MS = 50

/** The state as the controller has written it, or why it has not. */
export type AlterPartitionOutcome = LeaderAndIsr | ErrorCode

interface Item {
  readonly state: LeaderAndIsr
  readonly done: (outcome: AlterPartitionOutcome) => void
}

export interface AlterPartitionOptions {
  readonly brokerId: number
  /** `controller.socket.timeout.ms` */
  readonly timeoutMs: number
  /** This broker's registration; undefined before it has one. */
  readonly brokerEpoch: () => number | undefined
  /** The controller, as far as this broker has heard. */
  readonly controller: () => BrokerEndpoint | undefined
}

export class AlterPartitionManager {
  /** Changes that no controller has answered yet. */
  private readonly unsent = new Map<TopicPartition, Item>()
  private readonly host: Host
  private readonly options: AlterPartitionOptions
  private readonly timeoutUs: Micros
  private channel: BlockingChannel | undefined
  private timer: Timer | undefined
  private correlationId = 0
  private inFlight = false
  private ended = false

  constructor(host: Host, options: AlterPartitionOptions) {
    this.host = host
    this.options = options
    this.timeoutUs = fromMs(options.timeoutMs)
  }

  /** @param state what is asked for; its version is the one that the leader knows */
  submit(tp: TopicPartition, state: LeaderAndIsr, done: (outcome: AlterPartitionOutcome) => void): void {
    if (this.unsent.has(tp)) return done(ErrorCode.OperationNotAttempted)
    this.unsent.set(tp, { state, done })
    this.propagate()
  }

  shutdown(): void {
    this.ended = true
    this.timer?.cancel()
    this.channel?.close()
    this.unsent.clear()
  }

  private propagate(): void {
    if (this.inFlight || this.ended || this.unsent.size === 0) return
    this.inFlight = true
    this.send(this.request())
  }

  private request(): AlterPartitionRequest {
    const { brokerId, brokerEpoch } = this.options
    const partitions = [...this.unsent].map(([tp, { state }]) => {
      const { leaderEpoch, isr: newIsr, zkVersion } = state
      return { ...splitTopicPartition(tp), leaderEpoch, newIsr, zkVersion }
    })
    const epoch = brokerEpoch() ?? -1
    const correlationId = this.correlationId++
    const clientId = `${brokerId}`
    return { api: 'AlterPartition', correlationId, clientId, brokerId, brokerEpoch: epoch, partitions }
  }

  /** Sends it until a controller answers: never given up. */
  private send(request: AlterPartitionRequest): void {
    const channel = this.channelToController()
    if (channel === undefined) return this.later(RECONNECT_MS, () => this.send(request))
    channel.call(request, (result) => {
      if (this.ended) return
      if (!result.ok || result.response.errorCode === ErrorCode.NotController) {
        this.channel?.close()
        this.channel = undefined
        return this.later(RECONNECT_MS, () => this.send(request))
      }
      this.answered(request, result.response)
    })
  }

  private channelToController(): BlockingChannel | undefined {
    const controller = this.options.controller()
    if (controller === undefined) return undefined
    const { host: machine, port } = controller
    const known = this.channel?.address
    if (this.channel === undefined || known?.machine !== machine || known.port !== port) {
      this.channel?.close()
      this.channel = new BlockingChannel(this.host, { machine, port }, this.timeoutUs, 'alter-partition')
    }
    return this.channel
  }

  private answered(request: AlterPartitionRequest, response: AlterPartitionResponse): void {
    this.inFlight = false
    if (response.errorCode !== ErrorCode.NoError) return this.later(RETRY_MS, () => this.propagate())
    const items = request.partitions.map(({ topic, partition }) => topicPartition(topic, partition))
    for (const { topic, partition, errorCode, leaderAndIsr } of response.partitions) {
      const tp = topicPartition(topic, partition)
      const item = items.includes(tp) ? this.unsent.get(tp) : undefined
      if (item === undefined) continue
      // Gone before it is told, so that the next change may be asked for at once.
      this.unsent.delete(tp)
      item.done(leaderAndIsr ?? errorCode)
    }
    this.propagate()
  }

  private later(ms: number, body: () => void): void {
    this.timer = this.host.setTimer(fromMs(ms), 'send-alter-partition', body)
  }

  digest(digest: Digest): void {
    digest.boolean(this.inFlight).int(this.correlationId).int(this.unsent.size)
    for (const [tp, { state }] of this.unsent) digest.string(tp).int(state.zkVersion).string(state.isr.join())
  }
}
