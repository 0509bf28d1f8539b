/**
 * The old producer in sync mode: `kafka/producer/async/DefaultEventHandler.scala`, release 0.8.2.2. The application's
 * messages wait in a queue; one is sent at a time, and the next begins when the outcome of the one before is known.
 *
 * One message is: refresh metadata if the interval has passed (the timer is looked at here only), choose the partition,
 * send to its leader. On any failure: pause, refresh metadata, and again, until the attempts are used up; the pause and
 * the refresh come after the last attempt too. A retry sends the message anew: it may be appended twice, and another
 * producer's message may overtake it.
 */
import type { ProducerConfig } from '../config/index.ts'
import {
  type Digest,
  fromMs,
  type Host,
  MILLISECOND,
  type Process,
  runTask,
  sleep,
  type Task,
  until,
  utf8,
} from '../host/index.ts'
import {
  type BrokerEndpoint,
  ErrorCode,
  errorName,
  NO_LEADER,
  type ProduceRequest,
  type ProduceResponse,
  topicPartition,
} from '../protocol/index.ts'
import { buildRecords, type Magic } from '../storage/index.ts'
import type { ClientEvent } from './events.ts'
import { messageName } from './message-text.ts'
import { defaultPartition } from './partitioner.ts'
import type { ExchangeResult, SyncChannel } from './sync-channel.ts'
import { leadersOf, MetadataSource } from './topic-metadata.ts'
import { type Route, TopicRoutes } from './topic-routes.ts'
import { Workload, type WorkloadOptions, type WorkloadProgress } from './workload.ts'

export interface ProducerOptions {
  readonly name: string
  /** `metadata.broker.list`; ids do not matter and may be -1. */
  readonly bootstrap: readonly BrokerEndpoint[]
  readonly config: ProducerConfig
  /** Format of the messages that it writes; 0 if left out. */
  readonly magic?: Magic
  readonly workload?: WorkloadOptions
  /** The application's memory across lives of the process; without it a new life counts from 1 again. */
  readonly progress?: WorkloadProgress
}

export interface ApplicationMessage {
  readonly topic: string
  /** Explicit partition; one that does not exist fails as in Kafka, and is retried. */
  readonly partition?: number
  readonly key?: string
  /** The message's name, then perhaps a newline and padding. */
  readonly value: string
  /** Sends to this broker whoever leads. */
  readonly broker?: BrokerEndpoint
}

interface Outgoing extends ApplicationMessage {
  readonly name: string
}

/** Why an attempt failed; `broker` is -1 and `tp` has no partition number where it did not get that far. */
interface Failure {
  readonly tp: string
  readonly error: string
  readonly maybeAppended: boolean
  readonly broker: number
}

type RefreshReason = 'bootstrap' | 'timer' | 'failure'
type Phase = 'idle' | 'sending' | 'backing off' | `${'first' | RefreshReason} refresh`

export class ProducerProcess implements Process {
  private readonly host: Host
  private readonly name: string
  private readonly config: ProducerConfig
  private readonly magic: Magic
  private readonly workload: Workload | undefined
  private readonly metadata: MetadataSource
  private readonly routes: TopicRoutes
  private readonly queue: Outgoing[] = []
  private readonly topicsToRefresh = new Set<string>()
  /** Partition that keyless messages of a topic go to until the next refresh. */
  private readonly sticky = new Map<string, number>()
  /** Connections to brokers that single messages are bound for, by `host:port`. */
  private readonly pinned = new Map<string, SyncChannel>()
  private lastTimedRefreshMs: number | undefined
  private nextCorrelationId = 0
  private current: Outgoing | undefined
  private phase: Phase = 'idle'
  private attempt = 0

  constructor(host: Host, options: ProducerOptions) {
    this.host = host
    this.name = options.name
    this.config = options.config
    this.magic = options.magic ?? 0
    const timeoutUs = fromMs(options.config['request.timeout.ms'])
    this.metadata = new MetadataSource(host, options.name, options.bootstrap, timeoutUs)
    this.routes = new TopicRoutes(host, options.name, timeoutUs)
    this.workload =
      options.workload === undefined
        ? undefined
        : new Workload(host, options.name, options.workload, options.progress ?? { handed: 0 }, (message) =>
            this.send(message),
          )
  }

  start(): void {
    this.workload?.start()
  }

  /** Takes a message from the application: behind those that wait. */
  send(message: ApplicationMessage): void {
    const name = messageName(message.value)
    if (this.host.tracing) {
      this.trace({
        kind: 'MessageHanded',
        client: this.name,
        message: name,
        key: message.key ?? null,
        topic: message.topic,
      })
    }
    this.queue.push({ ...message, name })
    if (this.current === undefined) runTask(this.sendQueued())
  }

  digest(digest: Digest): void {
    digest.string(this.name).string(this.phase).int(this.attempt).int(this.nextCorrelationId)
    digest.int(this.lastTimedRefreshMs ?? -1)
    digestMessage(digest, this.current)
    digest.int(this.queue.length)
    for (const message of this.queue) digestMessage(digest, message)
    digest.int(this.topicsToRefresh.size)
    for (const topic of this.topicsToRefresh) digest.string(topic)
    digest.int(this.sticky.size)
    for (const [topic, partition] of this.sticky) digest.string(topic).int(partition)
    this.metadata.digest(digest)
    this.routes.digest(digest)
    for (const [address, channel] of this.pinned) {
      digest.string(address)
      channel.digest(digest)
    }
    this.workload?.digest(digest)
  }

  private *sendQueued(): Task<void> {
    for (;;) {
      this.current = this.queue.shift()
      if (this.current === undefined) break
      yield* this.handle(this.current)
    }
    this.phase = 'idle'
  }

  private *handle(message: Outgoing): Task<void> {
    let retriesLeft = this.config['message.send.max.retries']
    for (this.attempt = 1; ; this.attempt++) {
      this.topicsToRefresh.add(message.topic)
      if (this.refreshIsDue()) {
        const reason = this.lastTimedRefreshMs === undefined ? 'bootstrap' : 'timer'
        this.phase = `${reason} refresh`
        yield* this.refresh([...this.topicsToRefresh], reason)
        this.sticky.clear()
        this.topicsToRefresh.clear()
        this.lastTimedRefreshMs = this.nowMs()
      }
      const failure = yield* this.dispatch(message)
      if (failure === undefined) return
      if (this.host.tracing) {
        this.trace({ kind: 'ProduceFailed', client: this.name, messages: [message.name], retriesLeft, ...failure })
      }
      this.phase = 'backing off'
      yield* sleep(this.host, fromMs(this.config['retry.backoff.ms']), 'retry back-off')
      this.phase = 'failure refresh'
      yield* this.refresh([message.topic], 'failure')
      this.sticky.clear()
      if (retriesLeft === 0) {
        if (this.host.tracing) {
          const { tp, error } = failure
          this.trace({ kind: 'ProducerGaveUp', client: this.name, tp, messages: [message.name], error })
        }
        return
      }
      retriesLeft--
    }
  }

  private refreshIsDue(): boolean {
    const interval = this.config['topic.metadata.refresh.interval.ms']
    if (interval < 0) return false
    return this.lastTimedRefreshMs === undefined || this.nowMs() - this.lastTimedRefreshMs > interval
  }

  private *refresh(topics: readonly string[], reason: RefreshReason): Task<void> {
    const answer = yield* this.metadata.fetch(topics, this.nextCorrelationId++)
    if (answer === undefined) return
    this.routes.update(answer.response)
    if (this.host.tracing) {
      const leaders = leadersOf(answer.response)
      this.trace({ kind: 'MetadataRefreshed', client: this.name, from: answer.from.id, reason, leaders })
    }
  }

  /** One attempt; undefined if it went well. */
  private *dispatch(message: Outgoing): Task<Failure | undefined> {
    if (this.routes.of(message.topic) === undefined) {
      this.phase = 'first refresh'
      yield* this.refresh([message.topic], 'bootstrap')
    }
    const routes = this.routes.of(message.topic)
    if (routes === undefined || routes.length === 0) return unsent(message, 'no metadata')
    const route = this.choosePartition(message, routes)
    if (typeof route === 'string') return unsent(message, route)
    const tp = topicPartition(message.topic, route.partition)
    this.phase = 'sending'
    if (message.broker !== undefined)
      return yield* this.produce(message, tp, route.partition, message.broker.id, this.pin(message.broker))
    const channel = route.leader === NO_LEADER ? undefined : this.routes.channel(route.leader)
    if (channel === undefined) return { tp, error: 'no leader', maybeAppended: false, broker: NO_LEADER }
    return yield* this.produce(message, tp, route.partition, route.leader, channel)
  }

  /** The partition, or why there is none. */
  private choosePartition(message: Outgoing, routes: readonly Route[]): Route | string {
    if (message.partition !== undefined) {
      return routes[message.partition] ?? errorName(ErrorCode.UnknownTopicOrPartition)
    }
    if (message.key !== undefined) return routes[defaultPartition(message.key, routes.length)]!
    const known = this.sticky.get(message.topic)
    if (known !== undefined) return routes[known] ?? errorName(ErrorCode.UnknownTopicOrPartition)
    const available = routes.filter((route) => route.leader !== NO_LEADER)
    if (available.length === 0) return 'no leader'
    const route = available[this.host.random('partition').intBelow(available.length, 'partition')]!
    this.sticky.set(message.topic, route.partition)
    return route
  }

  private *produce(
    message: Outgoing,
    tp: string,
    partition: number,
    broker: number,
    channel: SyncChannel,
  ): Task<Failure | undefined> {
    const requiredAcks = this.config['request.required.acks']
    const request: ProduceRequest = {
      api: 'Produce',
      correlationId: this.nextCorrelationId++,
      clientId: this.name,
      requiredAcks,
      ackTimeoutMs: this.config['request.timeout.ms'],
      partitions: [{ topic: message.topic, partition, records: this.encode(message) }],
    }
    const written = (): void => {
      if (!this.host.tracing) return
      const { correlationId } = request
      this.trace({
        kind: 'ProduceSent',
        client: this.name,
        tp,
        messages: [message.name],
        broker,
        attempt: this.attempt,
        requiredAcks,
        correlationId,
      })
    }
    if (requiredAcks === 0) {
      const posted = yield* until<ExchangeResult<undefined>>((resume) => channel.post(request, written, resume))
      return posted.ok ? undefined : { tp, error: posted.failure, maybeAppended: posted.delivered, broker }
    }
    const result = yield* until<ExchangeResult<ProduceResponse>>((resume) => channel.call(request, written, resume))
    if (!result.ok) return { tp, error: result.failure, maybeAppended: result.delivered, broker }
    const { errorCode, baseOffset } = result.response.partitions[0]!
    if (errorCode !== ErrorCode.NoError) {
      return { tp, error: errorName(errorCode), maybeAppended: maybeAppended(errorCode, requiredAcks), broker }
    }
    if (this.host.tracing) {
      this.trace({
        kind: 'ProduceAcknowledged',
        client: this.name,
        tp,
        messages: [message.name],
        baseOffset,
        requiredAcks,
        broker,
      })
    }
    return undefined
  }

  private encode(message: Outgoing): Uint8Array {
    const key = message.key === undefined ? null : utf8(message.key)
    return buildRecords([{ key, value: utf8(message.value), timestamp: this.nowMs() }], { magic: this.magic })
  }

  private pin(endpoint: BrokerEndpoint): SyncChannel {
    const address = `${endpoint.host}:${endpoint.port}`
    let channel = this.pinned.get(address)
    if (channel === undefined) this.pinned.set(address, (channel = this.routes.open(endpoint)))
    return channel
  }

  private nowMs(): number {
    return Math.floor(this.host.now() / MILLISECOND)
  }

  private trace(event: ClientEvent): void {
    this.host.trace(event)
  }
}

const unsent = (message: Outgoing, error: string): Failure => ({
  tp: message.partition === undefined ? `${message.topic}-?` : topicPartition(message.topic, message.partition),
  error,
  maybeAppended: false,
  broker: NO_LEADER,
})

/**
 * Whether the message may stand in a log although the answer is an error. Errors found before the append say no; with
 * acks=-1 (or above 1) the leader answers 3 and 6 also when it lost the partition after the append.
 */
function maybeAppended(errorCode: ErrorCode, requiredAcks: number): boolean {
  switch (errorCode) {
    case ErrorCode.InvalidMessage:
    case ErrorCode.MessageSizeTooLarge:
    case ErrorCode.MessageSetSizeTooLarge:
    case ErrorCode.NotEnoughReplicas:
    case ErrorCode.InvalidRequiredAcks:
    case ErrorCode.InvalidTimestamp:
    case ErrorCode.InvalidRecord:
    case ErrorCode.UnsupportedForMessageFormat:
      return false
    case ErrorCode.NotLeaderForPartition:
    case ErrorCode.UnknownTopicOrPartition:
      return requiredAcks !== 1
    default:
      return true
  }
}

function digestMessage(digest: Digest, message: Outgoing | undefined): void {
  digest
    .string(message?.value ?? '')
    .string(message?.key ?? '')
    .string(message?.topic ?? '')
    .int(message?.partition ?? -1)
  digest.string(message?.broker?.host ?? '')
}
