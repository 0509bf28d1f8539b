/**
 * Kafka's `leaderIsrUpdateLock`. An ISR change is a synchronous ZooKeeper write under the write lock, so while it is on
 * its way nothing else happens to the partition: appends, follower positions and role changes wait their turn.
 */
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
