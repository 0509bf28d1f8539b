/**
 * What the old producer does with one batch of messages: `kafka/producer/async/DefaultEventHandler.scala`, release 0.8.2.2.
 * A batch of a sync producer is one message.
 *
 * Refresh metadata if the interval has passed (the timer is looked at here only), choose the partitions, send one request
 * to each leader, one after another. What fails is tried again: pause, refresh metadata, and again, until the attempts are
 * used up; the pause and the refresh come after the last attempt too. A retry sends the messages anew: they may be
 * appended twice, and those of another producer may overtake them. One message without a partition fails the whole batch.
 */
import type { ProducerConfig } from '../../config/index.ts'
import { type Digest, fromMs, type Host, MILLISECOND, sleep, type Task, until } from '../../host/index.ts'
import {
  type BrokerEndpoint,
  ErrorCode,
  errorName,
  NO_LEADER,
  type ProduceRequest,
  type ProduceResponse,
  topicPartition,
} from '../../protocol/index.ts'
import type { Magic } from '../../storage/index.ts'
import type { Outgoing } from '../application-message.ts'
import type { ClientEvent } from '../events.ts'
import { maybeAppended } from '../maybe-appended.ts'
import type { ExchangeResult, SyncChannel } from '../sync-channel.ts'
import { leadersOf, MetadataSource } from '../topic-metadata.ts'
import { type Route, TopicRoutes } from '../topic-routes.ts'
import { MessageEncoder } from './message-encoder.ts'
import type { Partitioner } from './partitioner.ts'

export interface EventHandlerOptions {
  readonly name: string
  readonly bootstrap: readonly BrokerEndpoint[]
  readonly config: ProducerConfig
  readonly magic: Magic
  readonly partitioner: Partitioner
}

/** Messages of one attempt that failed together; `broker` is -1, and `tp` may have no number, where it did not get far. */
interface Failure {
  readonly tp: string
  readonly messages: readonly Outgoing[]
  readonly error: string
  readonly maybeAppended: boolean
  readonly broker: number
}

/** Messages of one partition in a request. */
interface Part {
  readonly topic: string
  readonly partition: number
  readonly tp: string
  readonly messages: Outgoing[]
}

/** What one broker gets: its leader's share, or what single messages are bound for. */
interface Share {
  readonly broker: number
  readonly channel: SyncChannel | undefined
  readonly parts: Map<string, Part>
}

type RefreshReason = 'bootstrap' | 'timer' | 'failure'
type Phase = 'idle' | 'sending' | 'backing off' | `${'first' | RefreshReason} refresh`

export class EventHandler {
  private readonly host: Host
  private readonly name: string
  private readonly config: ProducerConfig
  private readonly partitioner: Partitioner
  private readonly encoder: MessageEncoder
  private readonly metadata: MetadataSource
  private readonly routes: TopicRoutes
  private readonly topicsToRefresh = new Set<string>()
  /** Partition that keyless messages of a topic go to until the next refresh. */
  private readonly sticky = new Map<string, number>()
  /** Connections to brokers that single messages are bound for, by `host:port`. */
  private readonly pinned = new Map<string, SyncChannel>()
  private lastTimedRefreshMs: number | undefined
  private nextCorrelationId = 0
  private phase: Phase = 'idle'
  private attempt = 0

  constructor(host: Host, { name, bootstrap, config, magic, partitioner }: EventHandlerOptions) {
    this.host = host
    this.name = name
    this.config = config
    this.partitioner = partitioner
    this.encoder = new MessageEncoder(config, magic)
    const timeoutUs = fromMs(config['request.timeout.ms'])
    this.metadata = new MetadataSource(host, name, bootstrap, timeoutUs)
    this.routes = new TopicRoutes(host, name, timeoutUs)
  }

  /** Sends a batch; done when its fate is known, as far as a producer can know it. */
  *handle(batch: readonly Outgoing[]): Task<void> {
    let outstanding = batch
    let retriesLeft = this.config['message.send.max.retries']
    for (this.attempt = 1; ; this.attempt++) {
      for (const { topic } of outstanding) this.topicsToRefresh.add(topic)
      if (this.refreshIsDue()) {
        const reason = this.lastTimedRefreshMs === undefined ? 'bootstrap' : 'timer'
        this.phase = `${reason} refresh`
        yield* this.refresh([...this.topicsToRefresh], reason)
        this.sticky.clear()
        this.topicsToRefresh.clear()
        this.lastTimedRefreshMs = this.nowMs()
      }
      const failures = yield* this.dispatch(outstanding)
      if (failures.length === 0) break
      this.traceFailures(failures, retriesLeft)
      outstanding = failures.flatMap(({ messages }) => messages)
      this.phase = 'backing off'
      yield* sleep(this.host, fromMs(this.config['retry.backoff.ms']), 'retry back-off')
      this.phase = 'failure refresh'
      yield* this.refresh([...new Set(outstanding.map(({ topic }) => topic))], 'failure')
      this.sticky.clear()
      if (retriesLeft === 0) {
        this.traceGivingUp(failures)
        break
      }
      retriesLeft--
    }
    this.phase = 'idle'
  }

  digest(digest: Digest): void {
    digest.string(this.phase).int(this.attempt).int(this.nextCorrelationId)
    digest.int(this.lastTimedRefreshMs ?? -1)
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

  /** One attempt; what failed. */
  private *dispatch(messages: readonly Outgoing[]): Task<readonly Failure[]> {
    const shares = yield* this.collate(messages)
    if (typeof shares === 'string') return unsent(messages, shares)
    this.phase = 'sending'
    const failures: Failure[] = []
    for (const share of shares) failures.push(...(yield* this.send(share)))
    return failures
  }

  /** Messages by broker and partition, or why one of them has no partition. */
  private *collate(messages: readonly Outgoing[]): Task<readonly Share[] | string> {
    const shares = new Map<string, Share>()
    for (const message of messages) {
      const { topic } = message
      if (this.routes.of(topic) === undefined) {
        this.phase = 'first refresh'
        yield* this.refresh([topic], 'bootstrap')
      }
      const routes = this.routes.of(topic)
      if (routes === undefined || routes.length === 0) return 'no metadata'
      const route = this.choosePartition(message, routes)
      if (typeof route === 'string') return route
      const share = this.shareOf(message, route, shares)
      const tp = topicPartition(topic, route.partition)
      let part = share.parts.get(tp)
      if (part === undefined) {
        part = { topic, partition: route.partition, tp, messages: [] }
        share.parts.set(tp, part)
      }
      part.messages.push(message)
    }
    return [...shares.values()]
  }

  private shareOf(message: Outgoing, { leader }: Route, shares: Map<string, Share>): Share {
    const pin = message.broker
    const address = pin === undefined ? String(leader) : `${pin.host}:${pin.port}`
    let share = shares.get(address)
    if (share !== undefined) return share
    const channel = pin !== undefined ? this.pin(pin) : leader === NO_LEADER ? undefined : this.routes.channel(leader)
    const broker = pin?.id ?? (channel === undefined ? NO_LEADER : leader)
    share = { broker, channel, parts: new Map() }
    shares.set(address, share)
    return share
  }

  /** The partition, or why there is none. */
  private choosePartition(message: Outgoing, routes: readonly Route[]): Route | string {
    if (message.partition !== undefined) {
      return routes[message.partition] ?? errorName(ErrorCode.UnknownTopicOrPartition)
    }
    if (message.key !== undefined) return this.partitionOfKey(message.key, routes)
    const known = this.sticky.get(message.topic)
    if (known !== undefined) return routes[known] ?? errorName(ErrorCode.UnknownTopicOrPartition)
    const available = routes.filter((route) => route.leader !== NO_LEADER)
    if (available.length === 0) return 'no leader'
    const route = available[this.host.random('partition').intBelow(available.length, 'partition')]!
    this.sticky.set(message.topic, route.partition)
    return route
  }

  /** Asked anew for each attempt. The partitioner may be the application's own, and may do anything. */
  private partitionOfKey(key: string, routes: readonly Route[]): Route | string {
    let partition: number
    try {
      partition = this.partitioner.partition(this.encoder.partitionKey(key), routes.length)
    } catch (error) {
      return `partitioner: ${error instanceof Error ? error.message : String(error)}`
    }
    const route = routes[partition]
    if (route !== undefined) return route
    return `${errorName(ErrorCode.UnknownTopicOrPartition)} (partitioner: ${partition} is not in 0..${routes.length - 1})`
  }

  private *send({ broker, channel, parts }: Share): Task<readonly Failure[]> {
    const of = [...parts.values()]
    if (channel === undefined) {
      const error = 'no leader'
      return of.map(({ tp, messages }) => ({ tp, messages, error, maybeAppended: false, broker: NO_LEADER }))
    }
    const request = this.request(of)
    const result = yield* this.exchange(request, channel, () => this.traceSent(request, of, broker))
    if (!result.ok) {
      const { failure: error, delivered } = result
      return of.map(({ tp, messages }) => ({ tp, messages, error, maybeAppended: delivered, broker }))
    }
    const failures: Failure[] = []
    for (const part of of) {
      const answer = result.response?.partitions.find((p) => p.topic === part.topic && p.partition === part.partition)
      if (answer !== undefined && answer.errorCode !== ErrorCode.NoError) {
        const error = errorName(answer.errorCode)
        const doubt = maybeAppended(answer.errorCode, request.requiredAcks)
        failures.push({ tp: part.tp, messages: part.messages, error, maybeAppended: doubt, broker })
      } else if (answer !== undefined) {
        this.traceAcknowledged(part, answer.baseOffset, request.requiredAcks, broker)
      }
    }
    return failures
  }

  private request(parts: readonly Part[]): ProduceRequest {
    return {
      api: 'Produce',
      correlationId: this.nextCorrelationId++,
      clientId: this.name,
      requiredAcks: this.config['request.required.acks'],
      ackTimeoutMs: this.config['request.timeout.ms'],
      partitions: parts.map(({ topic, partition, messages }) => ({
        topic,
        partition,
        records: this.encoder.messageSet(topic, messages, this.nowMs()),
      })),
    }
  }

  private *exchange(
    request: ProduceRequest,
    channel: SyncChannel,
    written: () => void,
  ): Task<ExchangeResult<ProduceResponse | undefined>> {
    return request.requiredAcks === 0
      ? yield* until<ExchangeResult<undefined>>((resume) => channel.post(request, written, resume))
      : yield* until<ExchangeResult<ProduceResponse>>((resume) => channel.call(request, written, resume))
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

  private traceSent(request: ProduceRequest, parts: readonly Part[], broker: number): void {
    if (!this.host.tracing) return
    const { requiredAcks, correlationId } = request
    for (const { tp, messages } of parts) {
      this.trace({
        kind: 'ProduceSent',
        client: this.name,
        tp,
        messages: namesOf(messages),
        broker,
        attempt: this.attempt,
        requiredAcks,
        correlationId,
      })
    }
  }

  private traceAcknowledged({ tp, messages }: Part, baseOffset: number, requiredAcks: number, broker: number): void {
    if (!this.host.tracing) return
    const client = this.name
    this.trace({
      kind: 'ProduceAcknowledged',
      client,
      tp,
      messages: namesOf(messages),
      baseOffset,
      requiredAcks,
      broker,
    })
  }

  private traceFailures(failures: readonly Failure[], retriesLeft: number): void {
    if (!this.host.tracing) return
    for (const { messages, ...failure } of failures) {
      this.trace({
        kind: 'ProduceFailed',
        client: this.name,
        messages: namesOf(messages),
        retriesLeft,
        ...failure,
      })
    }
  }

  /** `FailedToSendMessageException`: thrown to the application by a sync producer, only logged by an async one. */
  private traceGivingUp(failures: readonly Failure[]): void {
    if (!this.host.tracing) return
    const told = this.config['producer.type'] === 'sync'
    for (const { tp, messages, error } of failures) {
      this.trace({ kind: 'ProducerGaveUp', client: this.name, tp, messages: namesOf(messages), error, told })
    }
  }

  private trace(event: ClientEvent): void {
    this.host.trace(event)
  }
}

const namesOf = (messages: readonly Outgoing[]): string[] => messages.map(({ name }) => name)

/** The whole batch failed before anything was sent: by topic, or by the partitions that messages named themselves. */
function unsent(messages: readonly Outgoing[], error: string): readonly Failure[] {
  const groups = new Map<string, Outgoing[]>()
  for (const message of messages) {
    const { topic, partition } = message
    const tp = partition === undefined ? `${topic}-?` : topicPartition(topic, partition)
    const group = groups.get(tp)
    if (group === undefined) groups.set(tp, [message])
    else group.push(message)
  }
  return [...groups].map(([tp, group]) => ({ tp, messages: group, error, maybeAppended: false, broker: NO_LEADER }))
}
