/**
 * WriteTxnMarkers at a leader (`KafkaApis.handleWriteTxnMarkersRequest`, 0.11 to 4.0): each marker is a control batch of its
 * own, acknowledged by the whole ISR. Those in the offsets topic decide about offsets as well.
 */
import type { Host } from '../host/index.ts'
import {
  ErrorCode,
  OFFSETS_TOPIC,
  type Responder,
  type TxnMarker,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from '../protocol/index.ts'
import { buildTransactionMarker } from '../storage/index.ts'
import type { ProduceHandler } from './produce-handler.ts'

export interface MarkerHandlerOptions {
  readonly requestTimeoutMs: number
  /** A transaction is decided in these partitions of the offsets topic. */
  offsetsDecided(producerId: number, committed: boolean, partitions: readonly number[]): void
}

type MarkerResult = WriteTxnMarkersResponse['markers'][number]

export class MarkerHandler {
  private readonly host: Host
  private readonly produce: ProduceHandler
  private readonly options: MarkerHandlerOptions

  constructor(host: Host, produce: ProduceHandler, options: MarkerHandlerOptions) {
    this.host = host
    this.produce = produce
    this.options = options
  }

  handle({ correlationId, clientId, markers }: WriteTxnMarkersRequest, responder: Responder): void {
    const results: Array<MarkerResult | undefined> = markers.map(() => undefined)
    let left = markers.length
    const answer = (): void => {
      responder.send({ api: 'WriteTxnMarkers', correlationId, markers: results as MarkerResult[] })
    }
    if (left === 0) return answer()
    markers.forEach((marker, i) => {
      this.write(marker, clientId, (partitions) => {
        results[i] = { producerId: marker.producerId, partitions }
        const decided = partitions.filter((p) => p.topic === OFFSETS_TOPIC && p.errorCode === ErrorCode.NoError)
        if (decided.length > 0) {
          const numbers = decided.map(({ partition }) => partition)
          this.options.offsetsDecided(marker.producerId, marker.committed, numbers)
        }
        if (--left === 0) answer()
      })
    })
  }

  private write(marker: TxnMarker, clientId: string, done: (partitions: MarkerResult['partitions']) => void): void {
    const { producerId, producerEpoch, coordinatorEpoch, committed, partitions } = marker
    const timestamp = Math.floor(this.host.now() / 1000)
    const type = committed ? 'commit' : 'abort'
    const records = buildTransactionMarker({ type, coordinatorEpoch, producerId, producerEpoch, timestamp })
    const request = {
      api: 'Produce',
      correlationId: -1,
      clientId,
      requiredAcks: -1,
      ackTimeoutMs: this.options.requestTimeoutMs,
      partitions: partitions.map(({ topic, partition }) => ({ topic, partition, records })),
    } as const
    this.produce.write(request, (results) =>
      done(results.map(({ topic, partition, errorCode }) => ({ topic, partition, errorCode }))),
    )
  }
}
