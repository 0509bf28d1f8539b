/** A step that does not wait, where a task is asked for. */
import type { Task } from '../host/index.ts'

// biome-ignore lint/correctness/useYield: a task that never waits is a task all the same
export function* immediately<R>(body: () => R): Task<R> {
  return body()
}
