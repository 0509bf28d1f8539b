/**
 * A world for clients: machines b1, b2 … with brokers that answer by a script, and one client. The scripts share what a
 * test says: who leads which partition, what becomes of each request.
 */

import { World } from '../../../sim/kernel/index.ts'
import type { ClientEvent } from '../../../src/client/events.ts'
import type { Host, Process, ProcessFactory } from '../../../src/host/index.ts'
import { fromUtf8 } from '../../../src/host/index.ts'
import {
  type BrokerEndpoint,
  ErrorCode,
  type FetchPartitionResult,
  type KafkaRequest,
  type MetadataResponse,
  type ProduceRequest,
  serve,
} from '../../../src/protocol/index.ts'
import { readRecords } from '../../../src/storage/index.ts'

export const endpoint = (id: number): BrokerEndpoint => ({ id, host: `b${id}`, port: 9092 })

/** What a broker does with a produce request. */
export type ProduceFate = ErrorCode | 'silent' | 'hang up'

export class Script {
  /** Leader of each partition of `orders`, as each broker tells it; -1: none. */
  leaders = new Map<number, readonly number[]>()
  brokers: readonly number[]
  /** Asked for each partition of a request; silence or hanging up is of the whole request. */
  produce: (broker: number, request: ProduceRequest, partition: number) => ProduceFate = () => ErrorCode.NoError
  fetch: (
    broker: number,
    offset: number,
  ) => Pick<FetchPartitionResult, 'errorCode' | 'highWatermark' | 'records'> | 'silent' = () => 'silent'
  /** Earliest and latest offset. */
  ends: readonly [number, number] = [0, 0]
  nextProducerId = 4000
  /** Where the log begins, as told with `UnknownProducerId`. */
  logStartOffset = -1
  /** Each request that came, with the broker. */
  readonly seen: Array<{ readonly broker: number; readonly request: KafkaRequest; readonly atUs: number }> = []
  /** Names of messages that arrived, in order. */
  readonly arrived: string[] = []
  private readonly logs = new Map<number, string[]>()

  constructor(brokers: number, leaders: readonly number[]) {
    this.brokers = Array.from({ length: brokers }, (_, i) => i + 1)
    this.setLeaders(leaders)
  }

  setLeaders(leaders: readonly number[], ...toldBy: readonly number[]): void {
    for (const id of toldBy.length === 0 ? this.brokers : toldBy) this.leaders.set(id, leaders)
  }

  /** Names of messages that arrived for a partition, in order. */
  log(partition: number): string[] {
    let log = this.logs.get(partition)
    if (log === undefined) this.logs.set(partition, (log = []))
    return log
  }

  count(api: KafkaRequest['api']): number {
    return this.seen.filter(({ request }) => request.api === api).length
  }
}

class ScriptedBroker implements Process {
  private readonly host: Host
  private readonly id: number
  private readonly script: Script

  constructor(host: Host, id: number, script: Script) {
    this.host = host
    this.id = id
    this.script = script
  }

  start(): void {
    const { script, id } = this
    serve(this.host, 9092, (request, responder) => {
      script.seen.push({ broker: id, request, atUs: this.host.now() })
      const { correlationId } = request
      switch (request.api) {
        case 'Metadata':
          return responder.send(metadata(script, id, correlationId))
        case 'Produce': {
          const fates = request.partitions.map((part) => script.produce(id, request, part.partition))
          request.partitions.forEach(({ partition, records }, i) => {
            const fate = fates[i]!
            if (fate !== ErrorCode.NoError && typeof fate !== 'string') return
            for (const { value } of readRecords(records)) {
              const name = fromUtf8(value!).split('\n')[0]!
              script.arrived.push(name)
              script.log(partition).push(name)
            }
          })
          if (fates.includes('silent')) return
          if (fates.includes('hang up')) return responder.hangUp()
          if (request.requiredAcks === 0) return responder.noResponse()
          const partitions = request.partitions.map(({ topic, partition }, i) => {
            const errorCode = fates[i] as ErrorCode
            const forgotten = errorCode === ErrorCode.UnknownProducerId ? { logStartOffset: script.logStartOffset } : {}
            return { topic, partition, errorCode, baseOffset: errorCode === 0 ? 7 : -1, ...forgotten }
          })
          return responder.send({ api: 'Produce', correlationId, partitions })
        }
        case 'InitProducerId': {
          const producerId = script.nextProducerId++
          return responder.send({ api: 'InitProducerId', correlationId, errorCode: 0, producerId, producerEpoch: 0 })
        }
        case 'Fetch': {
          const { topic, partition, fetchOffset } = request.partitions[0]!
          const result = script.fetch(id, fetchOffset)
          if (result !== 'silent')
            responder.send({ api: 'Fetch', correlationId, partitions: [{ topic, partition, ...result }] })
          return
        }
        case 'Offsets': {
          const { topic, partition, time } = request.partitions[0]!
          const offset = time === -1 ? script.ends[1] : script.ends[0]
          return responder.send({
            api: 'Offsets',
            correlationId,
            partitions: [{ topic, partition, errorCode: ErrorCode.NoError, offsets: [offset] }],
          })
        }
      }
    })
  }

  digest(): void {}
}

function metadata(script: Script, id: number, correlationId: number): MetadataResponse {
  const leaders = script.leaders.get(id)!
  return {
    api: 'Metadata',
    correlationId,
    brokers: script.brokers.map(endpoint),
    topics: [
      {
        topic: 'orders',
        errorCode: ErrorCode.NoError,
        partitions: leaders.map((leader, partition) => ({
          partition,
          leader,
          errorCode: leader < 0 ? ErrorCode.LeaderNotAvailable : ErrorCode.NoError,
          replicas: script.brokers,
          isr: script.brokers,
        })),
      },
    ],
  }
}

/** One-way latency. */
export const LATENCY = 1000

export class ClientWorld {
  readonly world: World
  readonly script: Script
  readonly events: Array<{ readonly atUs: number; readonly event: ClientEvent }> = []

  constructor(script: Script, client: ProcessFactory, seed = 1) {
    this.script = script
    this.world = new World({ seed, network: { latencyUs: { low: LATENCY, high: LATENCY } } })
    this.world.trace.subscribe((record) => {
      if (record.machine === 'p1') this.events.push({ atUs: record.atUs, event: record.event as ClientEvent })
    })
    for (const id of script.brokers) {
      this.world.addMachine(`b${id}`).boot((host) => new ScriptedBroker(host, id, script))
    }
    this.world.addMachine('p1').boot(client)
  }

  run(ms: number): this {
    this.world.run(ms * 1000)
    return this
  }

  of<K extends ClientEvent['kind']>(kind: K): Array<Extract<ClientEvent, { readonly kind: K }>> {
    return this.events
      .filter(({ event }) => event.kind === kind)
      .map(({ event }) => event as Extract<ClientEvent, { readonly kind: K }>)
  }

  /** Virtual milliseconds of the events of a kind. */
  timesMs(kind: ClientEvent['kind']): number[] {
    return this.events.filter(({ event }) => event.kind === kind).map(({ atUs }) => atUs / 1000)
  }
}
