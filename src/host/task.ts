/**
 * Generator tasks: multi-step procedures (a controller failover, a consumer rebalance) written like their numbered steps.
 * A task yields `Await`s; the host's events resume it. Nothing here is asynchronous in the sense of promises: a task is
 * resumed inside the handler of the event that it waited for, and dies with its process because the callbacks do.
 */
import type { Host, Micros } from './host.ts'
import { invariant } from './invariant.ts'

/** Starts something and calls `resume` once when it is done. */
export type Await = (resume: (value: unknown) => void) => void

export type Task<R> = Generator<Await, R, unknown>

/** Waits for one callback: `const result = yield* until<Result>((resume) => zk.getData(path, resume))`. */
export function* until<T>(start: (resume: (value: T) => void) => void): Task<T> {
  return (yield start as Await) as T
}

/** Waits for a time on the machine's clock. */
export function* sleep(host: Host, us: Micros, tag: string): Task<void> {
  yield* until<void>((resume) => {
    host.setTimer(us, tag, () => resume())
  })
}

/** Drives a task to its end; `done` gets its result. A callback that resumes at once does not grow the stack. */
export function runTask<R>(task: Task<R>, done: (result: R) => void = () => {}): void {
  const advance = (first: unknown): void => {
    let value = first
    for (;;) {
      const step = task.next(value)
      if (step.done === true) return done(step.value)
      let resumedInline = false
      let starting = true
      let resumed = false
      step.value((result) => {
        invariant(!resumed, 'a task was resumed twice at one step')
        resumed = true
        if (starting) {
          resumedInline = true
          value = result
        } else {
          advance(result)
        }
      })
      starting = false
      if (!resumedInline) return
    }
  }
  advance(undefined)
}

/** Runs tasks one after another, in the order they came: what a lock around whole procedures does in Kafka. */
export class TaskQueue {
  private readonly waiting: Array<{ readonly name: string; readonly start: () => Task<void> }> = []
  private running: string | undefined
  private draining = false

  /** Adds a task; it starts at once if none is running. */
  add(name: string, start: () => Task<void>): void {
    this.waiting.push({ name, start })
    if (this.running === undefined) this.next()
  }

  /** Drops the tasks that have not started. */
  clear(): void {
    this.waiting.length = 0
  }

  /** Name of the running task, or undefined. */
  get current(): string | undefined {
    return this.running
  }

  get length(): number {
    return this.waiting.length
  }

  private next(): void {
    // Tasks that end without waiting are looped over here, not recursed into.
    if (this.draining) return
    this.draining = true
    while (this.running === undefined) {
      const item = this.waiting.shift()
      if (item === undefined) break
      this.running = item.name
      runTask(item.start(), () => {
        this.running = undefined
        this.next()
      })
    }
    this.draining = false
  }
}
