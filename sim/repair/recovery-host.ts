/** The little that recovery of a log asks of a host: files, a clock that stands, and timers that wait to be let go. */
import type { FileSystem, Host, Micros, Timer, TraceEvent } from '../../src/host/index.ts'
import { invariant } from '../../src/host/index.ts'

export class RecoveryHost implements Host {
  readonly machine = 'repair'
  readonly tracing = true
  readonly events: TraceEvent[] = []
  readonly files: FileSystem
  private readonly nowUs: Micros
  private waiting: Array<() => void> = []

  constructor(files: FileSystem, nowUs: Micros) {
    this.files = files
    this.nowUs = nowUs
  }

  now(): Micros {
    return this.nowUs
  }

  setTimer(_delayUs: Micros, _tag: string, fire: () => void): Timer {
    this.waiting.push(fire)
    return { cancel: () => void (this.waiting = this.waiting.filter((other) => other !== fire)) }
  }

  /** Lets all timers fire, in the order in which they were set: what a broker would do a minute later. */
  runTimers(): void {
    for (let fire = this.waiting.shift(); fire !== undefined; fire = this.waiting.shift()) fire()
  }

  trace(event: TraceEvent): void {
    this.events.push(event)
  }

  charge(): void {}

  listen(): never {
    return unused()
  }

  unlisten(): never {
    return unused()
  }

  connect(): never {
    return unused()
  }

  random(): never {
    return unused()
  }

  halt(): never {
    return unused()
  }
}

function unused(): never {
  invariant(false, 'recovery of a log uses files and time only')
}
