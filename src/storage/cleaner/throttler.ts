/**
 * Keeps the cleaner's reading and writing near `log.cleaner.io.max.bytes.per.second`, over all its threads
 * (`kafka/utils/Throttler.scala`): looks at what was done every 300 ms or so and then says how long to rest.
 */
import { type Host, MILLISECOND, SECOND } from '../../host/index.ts'

const CHECK_INTERVAL_US = 300 * MILLISECOND

export class Throttler {
  private readonly host: Host
  private readonly bytesPerSecondMax: number
  private periodStartUs: number
  private observedBytes = 0

  constructor(host: Host, bytesPerSecondMax: number) {
    this.host = host
    this.bytesPerSecondMax = bytesPerSecondMax
    this.periodStartUs = host.now()
  }

  /**
   * Counts bytes read or written.
   * @returns how long, in microseconds, the thread must rest now
   */
  observe(bytes: number): number {
    this.observedBytes += bytes
    const nowUs = this.host.now()
    const elapsedUs = nowUs - this.periodStartUs
    if (elapsedUs <= CHECK_INTERVAL_US || this.observedBytes === 0) return 0
    const restMs = this.restMs(elapsedUs)
    // As in Kafka the period begins before the rest, which so counts as time in which little was done.
    this.periodStartUs = nowUs
    this.observedBytes = 0
    return restMs * MILLISECOND
  }

  private restMs(elapsedUs: number): number {
    if ((this.observedBytes * SECOND) / elapsedUs <= this.bytesPerSecondMax) return 0
    const elapsedMs = Math.floor(elapsedUs / MILLISECOND)
    return Math.max(0, Math.round((this.observedBytes * 1000) / this.bytesPerSecondMax - elapsedMs))
  }
}
