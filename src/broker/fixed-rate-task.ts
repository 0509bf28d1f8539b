/**
 * A periodic task as Kafka's scheduler runs it (`kafka/utils/KafkaScheduler.scala`, 0.8.2.2: `scheduleAtFixedRate`): one
 * run at a time; runs that came due while one took its time follow at once.
 */
import { type Digest, fromMs, type Host } from '../host/index.ts'

export class FixedRateTask {
  private readonly host: Host
  private readonly tag: string
  private readonly periodUs: number
  private readonly body: (done: () => void) => void
  private running = false
  private due = 0
  private stopped = false

  /**
   * @param firstMs when it runs first
   * @param body one run; calls `done` at its end
   */
  constructor(
    host: Host,
    tag: string,
    times: { readonly firstMs: number; readonly periodMs: number },
    body: (done: () => void) => void,
  ) {
    this.host = host
    this.tag = tag
    this.periodUs = fromMs(times.periodMs)
    this.body = body
    this.arm(fromMs(times.firstMs))
  }

  /** No run begins any more. */
  stop(): void {
    this.stopped = true
  }

  digest(digest: Digest): void {
    digest.boolean(this.running).int(this.due).boolean(this.stopped)
  }

  private arm(delayUs: number): void {
    this.host.setTimer(delayUs, this.tag, () => {
      if (this.stopped) return
      this.arm(this.periodUs)
      this.due++
      this.run()
    })
  }

  private run(): void {
    while (!this.running && this.due > 0 && !this.stopped) {
      this.due--
      this.running = true
      let inline = true
      this.body(() => {
        this.running = false
        if (!inline) this.run()
      })
      inline = false
    }
  }
}
