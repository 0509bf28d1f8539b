/**
 * Connections of a Java producer (`NetworkClient.java`): one to each broker, with several requests under way, and the
 * request for metadata, which goes to the broker with the least to do. While one is due that cannot be sent yet, nothing
 * else is sent either.
 */
import type { Digest, Host, Micros, RandomStream } from '../../host/index.ts'
import { SECOND } from '../../host/index.ts'
import type { KafkaRequest, KafkaResponse, ResponseTo, RpcResult } from '../../protocol/index.ts'
import type { ClientEvent } from '../events.ts'
import { leastLoaded } from '../least-loaded.ts'
import { type ConnectionTimes, NodeConnection } from '../node-connection.ts'
import { leadersOf } from '../topic-metadata.ts'
import type { ProducerMetadata, ProducerNode } from './producer-metadata.ts'

export interface ProducerNetworkOptions extends ConnectionTimes {
  readonly client: string
  readonly maxInFlight: number
}

const NEVER = Number.POSITIVE_INFINITY

export class ProducerNetwork {
  private readonly host: Host
  private readonly options: ProducerNetworkOptions
  private readonly metadata: ProducerMetadata
  private readonly random: RandomStream
  private readonly connections = new Map<string, NodeConnection>()
  private askingForMetadata = false
  private correlationId = 0
  /** Something came, or a connection changed. */
  onActivity: () => void = () => {}

  constructor(host: Host, metadata: ProducerMetadata, options: ProducerNetworkOptions) {
    this.host = host
    this.metadata = metadata
    this.options = options
    this.random = host.random('network client')
  }

  nextCorrelationId(): number {
    return this.correlationId++
  }

  /** Requests without an answer, on all connections. */
  get inFlight(): number {
    let sum = 0
    for (const connection of this.connections.values()) sum += connection.pending
    return sum
  }

  /** Whether a request may be sent now; if there is no connection yet, one is begun. */
  ready(node: ProducerNode): boolean {
    const connection = this.connection(node)
    if (connection.ready) {
      return connection.pending < this.options.maxInFlight && !this.isMetadataDue
    }
    if (!connection.isUnderWay && connection.connectableInUs === 0) connection.connect()
    return false
  }

  /** The connection to a broker has just failed. */
  hasFailed(node: ProducerNode): boolean {
    return this.connection(node).blackedOut
  }

  /** When a broker that is not ready may be connected to again; infinite while something is under way. */
  retryInUs(node: ProducerNode): Micros {
    const connection = this.connection(node)
    return connection.isUnderWay ? NEVER : connection.connectableInUs
  }

  send<R extends KafkaRequest>(node: ProducerNode, request: R, done: (result: RpcResult<ResponseTo<R>>) => void): void {
    const answered = (result: RpcResult<KafkaResponse>): void => {
      done(result as RpcResult<ResponseTo<R>>)
      this.onActivity()
    }
    this.connection(node).send(request, answered)
  }

  /** Sends to whichever broker has the least to do; false if none can take it now. */
  sendToAny<R extends KafkaRequest>(request: R, done: (result: RpcResult<ResponseTo<R>>) => void): boolean {
    const node = this.leastLoaded()
    if (node === undefined || !this.ready(node)) return false
    this.send(node, request, done)
    return true
  }

  /** Sends a request that nobody answers. */
  post(node: ProducerNode, request: KafkaRequest): void {
    this.connection(node).post(request)
  }

  private get isMetadataDue(): boolean {
    return !this.askingForMetadata && this.metadata.timeToNextUpdateUs === 0
  }

  /** Sends a request for metadata if one is due. Returns when to look again. */
  maybeUpdateMetadata(): Micros {
    if (this.askingForMetadata) return NEVER
    const waitUs = this.metadata.timeToNextUpdateUs
    if (waitUs > 0) return waitUs
    const node = this.leastLoaded()
    if (node === undefined) return this.options.reconnectBackoffUs
    const connection = this.connection(node)
    if (!connection.ready) {
      if (!connection.isUnderWay) connection.connect()
      return NEVER
    }
    if (connection.pending >= this.options.maxInFlight) return NEVER
    this.askForMetadata(node)
    return NEVER
  }

  private askForMetadata(node: ProducerNode): void {
    const { client } = this.options
    this.askingForMetadata = true
    const topics = this.metadata.topics
    const request = { api: 'Metadata', correlationId: this.nextCorrelationId(), clientId: client, topics } as const
    this.send(node, request, (result) => {
      this.askingForMetadata = false
      if (!result.ok) {
        this.metadata.failed()
        this.trace({ kind: 'MetadataRefreshFailed', client, broker: node.host, failure: result.failure })
        return
      }
      const isFirst = this.metadata.version === 0
      if (!this.metadata.update(result.response) || !this.host.tracing) return
      const from = result.response.brokers.find((one) => one.host === node.host && one.port === node.port)?.id ?? -1
      const reason = isFirst ? 'bootstrap' : 'producer'
      this.trace({ kind: 'MetadataRefreshed', client, from, reason, leaders: leadersOf(result.response) })
    })
  }

  /** A broker without requests under way that is connected, else the one with the fewest that may be connected to. */
  leastLoaded(): ProducerNode | undefined {
    return leastLoaded(this.metadata.nodes, (node) => this.connections.get(keyOf(node)), this.random)
  }

  private connection(node: ProducerNode): NodeConnection {
    const key = keyOf(node)
    let connection = this.connections.get(key)
    if (connection === undefined) {
      const address = { machine: node.host, port: node.port }
      connection = new NodeConnection(this.host, address, this.options, `${this.options.client}→${node.host}`)
      connection.onChange = (state) => {
        // Whoever led a partition there may not any more.
        if (state === 'failed') this.metadata.requestUpdate()
        this.onActivity()
      }
      this.connections.set(key, connection)
    }
    return connection
  }

  close(): void {
    for (const connection of this.connections.values()) connection.close()
  }

  digest(digest: Digest): void {
    digest.boolean(this.askingForMetadata).int(this.correlationId)
    for (const connection of this.connections.values()) connection.digest(digest)
  }

  private trace(event: ClientEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }
}

/** A broker that is known by its id has another connection than the address from the list, as in Kafka. */
const keyOf = ({ isBootstrap, host, port, id }: ProducerNode): string =>
  isBootstrap ? `bootstrap ${host}:${port}` : `${id} ${host}:${port}`

/** Longest time that a timer need be set for. */
export const LONG: Micros = 3600 * SECOND
