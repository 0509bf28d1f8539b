/**
 * Kafka's `controllerLock`: whole procedures of the controller run one after another, in the order they were asked for.
 * In Kafka most of them run on ZkClient's event thread, which re-reads a node only when it gets to the event: what
 * happens meanwhile merges. So do here the events of one listener that come while its task waits for its turn.
 */
import { type Digest, type Task, TaskQueue, until } from '../host/index.ts'
import { immediately } from './immediately.ts'
import { Refusal, refusalOf } from './refusal.ts'

export type Outcome<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly refusal: Refusal }

interface Waiting {
  readonly name: string
  value: unknown
  /** Told that its turn will not come. */
  readonly dropped?: () => void
}

export class ControllerLock {
  private readonly queue = new TaskQueue()
  private readonly waiting: Waiting[] = []
  private readonly report: (subject: string, refusal: Refusal) => void
  /** How many times the running procedure has waited so far: its position. */
  private position = 0
  /**
   * Runs, under the lock, when a procedure found that this controller was replaced. Undefined where a controller does
   * not learn of that by writing (before KAFKA-6082).
   */
  onMoved: (() => Task<void>) | undefined

  /** @param report told of a procedure that ended in a refusal, as Kafka's threads log an exception and go on */
  constructor(report: (subject: string, refusal: Refusal) => void) {
    this.report = report
  }

  /** Runs a procedure when its turn comes. */
  add(name: string, start: () => Task<void>): void {
    this.enqueue({ name, value: undefined }, start)
  }

  /** Drops the procedures that have not begun, and runs this one when the one that runs is over. */
  preempt(name: string, start: () => Task<void>): void {
    const dropped = this.waiting.splice(0)
    this.queue.clear()
    this.enqueue({ name, value: undefined }, start)
    for (const waiting of dropped) waiting.dropped?.()
  }

  /** Runs a procedure of another task (in Kafka: of another thread) when its turn comes, and waits for its end. */
  *whileHeld<R>(name: string, start: () => Task<R>): Task<Outcome<R>> {
    const self = this
    return yield* until<Outcome<R>>((resume) => {
      const dropped = (): void =>
        resume({ ok: false, refusal: new Refusal('controller-moved', `${name}: dropped, the session expired`) })
      self.enqueue({ name, value: undefined, dropped }, function* () {
        let outcome: Outcome<R>
        try {
          outcome = { ok: true, value: yield* start() }
        } catch (error) {
          outcome = { ok: false, refusal: refusalOf(error) }
        }
        if (!outcome.ok) yield* self.learn(outcome.refusal)
        resume(outcome)
      })
    })
  }

  /** The same for a step that does not wait itself. */
  onceHeld<R>(name: string, body: () => R): Task<Outcome<R>> {
    return this.whileHeld(name, () => immediately(body))
  }

  /** A listener that handles each event as a procedure, with the newest value when its turn comes. */
  listener<T>(name: string, handle: (value: T) => Task<void>): (value: T) => void {
    let pending: Waiting | undefined
    return (value) => {
      if (pending !== undefined) {
        pending.value = value
        return
      }
      const item: Waiting = {
        name,
        value,
        dropped: () => {
          pending = undefined
        },
      }
      pending = item
      this.enqueue(item, () => {
        pending = undefined
        return handle(item.value as T)
      })
    }
  }

  digest(digest: Digest): void {
    digest
      .string(this.queue.current ?? '')
      .int(this.position)
      .int(this.waiting.length)
    for (const { name, value } of this.waiting) digest.string(name).string(JSON.stringify(value) ?? '')
  }

  private enqueue(item: Waiting, start: () => Task<void>): void {
    this.waiting.push(item)
    this.queue.add(item.name, () => {
      this.waiting.shift()
      return this.counted(item.name, start)
    })
  }

  private *counted(name: string, start: () => Task<void>): Task<void> {
    this.position = 0
    try {
      const task = start()
      let input: unknown
      for (;;) {
        const step = task.next(input)
        if (step.done === true) return
        this.position++
        input = yield step.value
      }
    } catch (error) {
      const refusal = refusalOf(error)
      this.report(name, refusal)
      yield* this.learn(refusal)
    }
  }

  private *learn(refusal: Refusal): Task<void> {
    if (refusal.kind !== 'controller-moved' || this.onMoved === undefined) return
    try {
      yield* this.onMoved()
    } catch (error) {
      this.report('looking for the controller', refusalOf(error))
    }
  }
}
