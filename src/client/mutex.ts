/** A lock around whole procedures: who comes while it is held waits, in the order of coming. */
import { type Digest, type Task, until } from '../host/index.ts'

export class Mutex {
  private held = false
  private readonly waiting: Array<() => void> = []

  release(): void {
    this.held = false
    this.waiting.shift()?.()
  }

  *acquire(): Task<void> {
    if (this.held) yield* until<void>((resume) => this.waiting.push(() => resume()))
    this.held = true
  }

  /** Forgets those who wait: they never go on. */
  abandon(): void {
    this.waiting.length = 0
  }

  digest(digest: Digest): void {
    digest.boolean(this.held).int(this.waiting.length)
  }
}
