/**
 * Keeps the cleaner's reading and writing near `log.cleaner.io.max.bytes.per.second`, over all its threads
 * (`kafka/utils/Throttler.scala`). Kafka compares what was done with the time it took every 300 ms. Work takes no time of
 * its own here, so the time is up as soon as what was done ought to have taken 300 ms.
 */
import { type Host, SECOND } from '../../host/index.ts'

const CHECK_INTERVAL_US = 300_000

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
    const neededUs = Math.round((this.observedBytes / this.bytesPerSecondMax) * SECOND)
    if (Math.max(elapsedUs, neededUs) <= CHECK_INTERVAL_US) return 0
    this.periodStartUs = Math.max(nowUs, this.periodStartUs + neededUs)
    this.observedBytes = 0
    return this.periodStartUs - nowUs
  }
}
