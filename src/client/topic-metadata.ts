/**
 * Metadata of topics as clients ask for it: `kafka/client/ClientUtils.scala`, release 0.8.2.2. Any reachable broker of
 * the configured list answers for the whole cluster; the list is shuffled, so that not all clients ask the same one.
 */
import { type Digest, type Host, type Micros, type RandomStream, type Task, until } from '../host/index.ts'
import type { BrokerEndpoint, MetadataRequest, MetadataResponse, RpcFailure } from '../protocol/index.ts'
import type { ClientEvent } from './events.ts'
import { type ExchangeResult, SyncChannel } from './sync-channel.ts'

export interface MetadataAnswer {
  readonly response: MetadataResponse
  /** Who answered: an entry of the client's list, or the broker of the answer at the same address. */
  readonly from: BrokerEndpoint
}

export class MetadataSource {
  private readonly host: Host
  private readonly client: string
  private readonly brokers: readonly BrokerEndpoint[]
  private readonly timeoutUs: Micros
  /** Brokers still to be asked in the search under way, the present one last. */
  private remaining: BrokerEndpoint[] = []
  private channel: SyncChannel | undefined

  /**
   * @param client name of the client, which is its client.id as well
   * @param brokers the configured list; ids do not matter
   */
  constructor(host: Host, client: string, brokers: readonly BrokerEndpoint[], timeoutUs: Micros) {
    this.host = host
    this.client = client
    this.brokers = brokers
    this.timeoutUs = timeoutUs
  }

  /** Asks one broker after the other, each on a connection of its own; undefined if none answers. One search at a time. */
  *fetch(topics: readonly string[], correlationId: number): Task<MetadataAnswer | undefined> {
    const { host, client } = this
    const request: MetadataRequest = { api: 'Metadata', correlationId, clientId: client, topics }
    this.remaining = shuffle(this.brokers, host.random('metadata'))
    for (let broker = this.remaining.at(-1); broker !== undefined; broker = this.remaining.at(-1)) {
      const address = { machine: broker.host, port: broker.port }
      const channel = new SyncChannel(host, address, this.timeoutUs, `${client} metadata`)
      this.channel = channel
      const result = yield* until<ExchangeResult<MetadataResponse>>((resume) => channel.call(request, () => {}, resume))
      channel.close()
      this.channel = undefined
      if (result.ok) return { response: result.response, from: identify(broker, result.response) }
      this.traceFailure(broker, result.failure)
      this.remaining.pop()
    }
    return undefined
  }

  /** Gives up a search under way; nobody is told. */
  close(): void {
    this.channel?.close()
    this.channel = undefined
  }

  digest(digest: Digest): void {
    digest.boolean(this.channel !== undefined)
    if (this.channel === undefined) return
    for (const broker of this.remaining) digest.string(broker.host).int(broker.port)
    this.channel.digest(digest)
  }

  private traceFailure(broker: BrokerEndpoint, failure: RpcFailure): void {
    if (!this.host.tracing) return
    const event: ClientEvent = { kind: 'MetadataRefreshFailed', client: this.client, broker: broker.host, failure }
    this.host.trace(event)
  }
}

/** Leaders by `topic-partition`, as trace events show them. */
export function leadersOf(response: MetadataResponse): Record<string, number> {
  const leaders: Record<string, number> = {}
  for (const topic of response.topics) {
    for (const partition of topic.partitions) leaders[`${topic.topic}-${partition.partition}`] = partition.leader
  }
  return leaders
}

/** The broker of an id, if the answer lists it: a leader that is not alive is not. */
export const brokerOf = (response: MetadataResponse, id: number): BrokerEndpoint | undefined =>
  response.brokers.find((broker) => broker.id === id)

const identify = (asked: BrokerEndpoint, response: MetadataResponse): BrokerEndpoint =>
  response.brokers.find((broker) => broker.host === asked.host && broker.port === asked.port) ?? asked

function shuffle<T>(items: readonly T[], random: RandomStream): T[] {
  const shuffled = [...items]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.intBelow(i + 1, 'order of brokers')
    const item = shuffled[i]!
    shuffled[i] = shuffled[j]!
    shuffled[j] = item
  }
  return shuffled
}
