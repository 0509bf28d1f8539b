/** When a member must next say that it lives, and for how long it has heard nothing (`Heartbeat.java`, 0.9.0.1, 1.1.1). */
import type { Digest, Micros } from '../../host/index.ts'

export interface HeartbeatTimes {
  readonly sessionTimeoutUs: Micros
  readonly intervalUs: Micros
  readonly maxPollIntervalUs: Micros
  readonly retryBackoffUs: Micros
}

export class Heartbeat {
  private readonly times: HeartbeatTimes
  private sentUs = 0
  private receivedUs = 0
  private resetUs = 0
  private polledUs = 0
  private failed = false

  constructor(times: HeartbeatTimes) {
    this.times = times
  }

  /** A session begins. */
  reset(nowUs: Micros): void {
    this.resetUs = nowUs
    this.polledUs = nowUs
    this.failed = false
  }

  sent(nowUs: Micros): void {
    this.sentUs = nowUs
    this.failed = false
  }

  received(nowUs: Micros): void {
    this.receivedUs = nowUs
  }

  fail(): void {
    this.failed = true
  }

  /** The application has called the consumer. */
  polled(nowUs: Micros): void {
    this.polledUs = nowUs
  }

  untilNextUs(nowUs: Micros): Micros {
    const pause = this.failed ? this.times.retryBackoffUs : this.times.intervalUs
    return Math.max(0, Math.max(this.sentUs, this.resetUs) + pause - nowUs)
  }

  sessionExpired(nowUs: Micros): boolean {
    return nowUs - Math.max(this.resetUs, this.receivedUs) > this.times.sessionTimeoutUs
  }

  /** The application has not called for `max.poll.interval.ms`. */
  pollExpired(nowUs: Micros): boolean {
    return nowUs - this.polledUs > this.times.maxPollIntervalUs
  }

  /** When the one or the other will be the case. */
  untilExpiryUs(nowUs: Micros): Micros {
    const { sessionTimeoutUs, maxPollIntervalUs } = this.times
    const session = Math.max(this.resetUs, this.receivedUs) + sessionTimeoutUs
    return Math.max(0, Math.min(session, this.polledUs + maxPollIntervalUs) + 1 - nowUs)
  }

  digest(digest: Digest): void {
    digest.int(this.sentUs).int(this.receivedUs).int(this.resetUs).int(this.polledUs).boolean(this.failed)
  }
}
