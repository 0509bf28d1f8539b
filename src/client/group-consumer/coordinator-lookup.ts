/** Which broker coordinates the group, as far as the consumer knows (`AbstractCoordinator.java`, 0.9.0.1 and 1.1.1). */
import type { Digest, Host, Micros, Task } from '../../host/index.ts'
import { ErrorCode, type FindCoordinatorResponse, type RpcResult } from '../../protocol/index.ts'
import type { ClientEvent } from '../events.ts'
import type { ConsumerMetadata } from './consumer-metadata.ts'
import type { ConsumerNetwork, Node } from './consumer-network.ts'

export interface LookupOptions {
  readonly client: string
  readonly group: string
  readonly retryBackoffUs: Micros
}

export class CoordinatorLookup {
  private readonly host: Host
  private readonly network: ConsumerNetwork
  private readonly metadata: ConsumerMetadata
  private readonly options: LookupOptions
  private node: Node | undefined
  private searching = false
  private correlationId = 0
  /** Told when a coordinator has been found. */
  onFound: () => void = () => {}

  constructor(host: Host, network: ConsumerNetwork, metadata: ConsumerMetadata, options: LookupOptions) {
    this.host = host
    this.network = network
    this.metadata = metadata
    this.options = options
  }

  /** The coordinator; undefined if it is not known, or the connection to it has just failed. */
  get coordinator(): Node | undefined {
    if (this.node !== undefined && this.network.connectionFailed(this.node)) this.lost('disconnected')
    return this.node
  }

  /** Forgets the coordinator. */
  lost(reason: string): void {
    const { node } = this
    if (node === undefined) return
    this.node = undefined
    const { client, group } = this.options
    this.trace({ kind: 'CoordinatorLost', client, group, broker: node.id, reason })
  }

  /** Looks until one is found. */
  *find(): Task<Node> {
    for (;;) {
      const known = this.coordinator
      if (known !== undefined) return known
      const node = this.network.leastLoaded(this.metadata.nodes)
      if (node === undefined) {
        yield* this.metadata.awaitUpdate()
        continue
      }
      this.take(yield* this.network.answerOf(this.network.send(node, this.request())))
      // Another broker may know more by then, or the offsets topic may be there.
      if (this.coordinator === undefined) yield* this.metadata.awaitUpdate()
    }
  }

  /** Looks once, without anybody waiting for it. */
  findInBackground(): void {
    const node = this.searching ? undefined : this.network.leastLoaded(this.metadata.nodes)
    if (node === undefined) return
    this.searching = true
    this.network.send(node, this.request(), (result) => {
      this.searching = false
      if (this.coordinator === undefined) this.take(result)
    })
  }

  private request() {
    const { client: clientId, group: key } = this.options
    return { api: 'FindCoordinator', correlationId: this.correlationId++, clientId, key, keyType: 'group' } as const
  }

  private take(result: RpcResult<FindCoordinatorResponse>): void {
    if (!result.ok || result.response.errorCode !== ErrorCode.NoError) return
    const found: Node = { ...result.response.coordinator!, isCoordinator: true }
    this.node = found
    this.network.connect(found)
    const { client, group } = this.options
    this.trace({ kind: 'CoordinatorFound', client, group, broker: found.id })
    this.onFound()
  }

  private trace(event: ClientEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }

  digest(digest: Digest): void {
    digest
      .string(this.node?.host ?? '')
      .boolean(this.searching)
      .int(this.correlationId)
  }
}
