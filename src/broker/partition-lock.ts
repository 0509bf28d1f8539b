/**
 * Kafka's `leaderIsrUpdateLock`. An ISR change is a synchronous ZooKeeper write under the write lock, so while it is on
 * its way nothing else happens to the partition: appends, follower positions and role changes wait their turn.
 */
import { type Task, until } from '../host/index.ts'

export class PartitionLock {
  private held = false
  private readonly waiting: Array<() => void> = []

  get isHeld(): boolean {
    return this.held
  }

  get queueLength(): number {
    return this.waiting.length
  }

  /** Runs `body` now if nobody holds the lock, else in order of arrival. For bodies that end at once. */
  whenFree(body: () => void): void {
    if (this.held) this.waiting.push(body)
    else body()
  }

  /** The same for a task: what it does before it waits again happens with the lock free. */
  *free(): Task<void> {
    if (this.held) yield* until<void>((resume) => this.waiting.push(resume as () => void))
  }

  /** Takes the lock over `body`'s end, until `release` is called. The caller runs inside `whenFree`. */
  hold(body: (release: () => void) => void): void {
    this.held = true
    body(() => {
      this.held = false
      while (!this.held) {
        const next = this.waiting.shift()
        if (next === undefined) return
        next()
      }
    })
  }
}
