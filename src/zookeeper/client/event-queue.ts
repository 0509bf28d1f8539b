/** Runs jobs one after another, each to its end, though it may wait for answers: what ZkClient's event thread does. */
import type { Digest } from '../../host/index.ts'

export type EventJob = (finished: () => void) => void

export class EventQueue {
  private jobs: EventJob[] = []
  private busy = false
  private draining = false

  add(job: EventJob): void {
    this.jobs.push(job)
    this.drain()
  }

  /** Drops the jobs that have not begun. */
  clear(): void {
    this.jobs = []
  }

  digest(d: Digest): void {
    d.word(this.jobs.length).boolean(this.busy)
  }

  /** Jobs that end at once are looped over, not recursed into. */
  private drain(): void {
    if (this.draining) return
    this.draining = true
    while (!this.busy) {
      const job = this.jobs.shift()
      if (job === undefined) break
      this.busy = true
      job(() => {
        this.busy = false
        this.drain()
      })
    }
    this.draining = false
  }
}
