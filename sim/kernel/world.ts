/**
 * A simulated world: machines, the network between them, and one queue of events on a virtual clock. The same seed and
 * the same calls give the same run, on every engine. Nothing happens until a driver steps it.
 */
import { Digest, invariant, type Micros, type Process, type RandomStream, type Timer } from '../../src/host/index.ts'
import { EventQueue, KernelEvent } from './event-queue.ts'
import type { WorldEvent } from './events.ts'
import { Machine, type MachineOptions, type MachineTask } from './machine.ts'
import { Network, type NetworkOptions } from './network.ts'
import { type DrawHook, RandomStreams } from './random.ts'
import { Trace, type TraceClock } from './trace.ts'

export interface WorldOptions {
  readonly seed: number | string
  readonly network: NetworkOptions
  /** Orders events at the same time by a drawn priority instead of by insertion. */
  readonly exploreSchedule?: boolean
  /** Sees every random draw, and may replace it. */
  readonly draws?: DrawHook
  /** Freezes every message that is sent, so that a process that changes one fails. For tests. */
  readonly freezeMessages?: boolean
}

/** In the key of an event at a given time, the priority stands above the sequence number. */
const SEQUENCES = 2 ** 36
const PRIORITIES = 2 ** 16 - 1

export class World implements TraceClock {
  readonly network: Network
  readonly trace: Trace
  /** The pending events. */
  readonly queue = new EventQueue()
  /** Kernel events processed so far: the number of the present one, from 1. */
  steps = 0
  /** Number of the step that runs; -1 between steps. */
  currentStep = -1
  /** Step during which the present one was scheduled. */
  cause = -1
  private nowUs: Micros = 0
  private nextSequence = 0
  private readonly streams: RandomStreams
  private readonly schedule_: RandomStream | undefined
  private readonly machineList: Machine[] = []
  private readonly machinesByName = new Map<string, Machine>()

  constructor(options: WorldOptions) {
    this.streams = new RandomStreams(options.seed, options.draws)
    this.schedule_ = options.exploreSchedule === true ? this.streams.stream('schedule') : undefined
    this.trace = new Trace(this)
    this.network = new Network(this, options.network, options.freezeMessages === true)
  }

  /** True virtual time. */
  get now(): Micros {
    return this.nowUs
  }

  get machines(): readonly Machine[] {
    return this.machineList
  }

  addMachine(name: string, options: MachineOptions = {}): Machine {
    invariant(!this.machinesByName.has(name), () => `there are two machines ${name}`)
    const machine = new Machine(this, name, options)
    this.machineList.push(machine)
    this.machinesByName.set(name, machine)
    return machine
  }

  machine(name: string): Machine {
    const machine = this.machinesByName.get(name)
    if (machine === undefined) invariant(false, `there is no machine ${name}`)
    return machine
  }

  /** A stream of the world's own, for faults and scenarios. */
  random(name: string): RandomStream {
    return this.streams.stream(name)
  }

  /** Calls `fire` after a time, outside of any machine. Among events of one time, these and calls come first. */
  schedule(delayUs: Micros, tag: string, fire: () => void): Timer {
    invariant(delayUs >= 0 && Number.isSafeInteger(delayUs), () => `'${tag}' is scheduled in ${delayUs} us`)
    const event = new ScheduledEvent(this.queue, tag, fire)
    this.pushFirst(this.nowUs + delayUs, event)
    return event
  }

  /** Runs `body` as an event on a machine: now, behind what waits there. Dropped if no process runs. */
  call(machine: string, tag: string, body: (process: Process) => void): void {
    this.pushFirst(this.nowUs, new CallEvent(this.machine(machine), tag, body))
  }

  /** One kernel event; false if there is none. */
  step(): boolean {
    const event = this.queue.pop()
    if (event === undefined) return false
    this.nowUs = this.queue.poppedAtUs
    this.currentStep = ++this.steps
    this.cause = event.cause
    event.run()
    this.currentStep = -1
    return true
  }

  /** Steps until a time (events at that time included), or until `stop` says so: it is asked after each event. */
  run(untilUs: Micros, stop?: () => boolean): void {
    while (this.queue.peekTime() <= untilUs) {
      this.step()
      if (stop?.() === true) return
    }
    if (this.nowUs < untilUs) this.nowUs = untilUs
  }

  /** Hash of all that decides the future: equal digests mean equal futures. */
  digest(): string {
    const digest = new Digest()
    digest.int(this.nowUs)
    for (const { atUs, order, event } of this.queue.inOrder()) {
      digest.int(atUs)
      if (this.schedule_ !== undefined) digest.int(Math.floor(order / SEQUENCES))
      event.digest(digest)
    }
    for (const machine of this.machineList) machine.digest(digest)
    this.network.digest(digest)
    this.streams.digest(digest)
    return digest.hex()
  }

  // What follows serves the other parts of the kernel.

  push(atUs: Micros, event: KernelEvent): void {
    event.cause = this.currentStep
    let order = this.nextSequence++
    if (this.schedule_ !== undefined) order += (1 + this.schedule_.intBelow(PRIORITIES, 'priority')) * SEQUENCES
    this.queue.push(atUs, order, event)
  }

  unqueue(event: KernelEvent): void {
    this.queue.removeWhere((other) => other === event)
  }

  emit(machine: string, event: WorldEvent): void {
    if (this.trace.active) this.trace.emit(machine, event)
  }

  private pushFirst(atUs: Micros, event: KernelEvent): void {
    event.cause = this.currentStep
    this.queue.push(atUs, this.nextSequence++, event)
  }
}

class ScheduledEvent extends KernelEvent implements Timer {
  private readonly queue: EventQueue
  private readonly tag: string
  private readonly fire: () => void

  constructor(queue: EventQueue, tag: string, fire: () => void) {
    super()
    this.queue = queue
    this.tag = tag
    this.fire = fire
  }

  override run(): void {
    this.fire()
  }

  cancel(): void {
    this.queue.cancel(this)
  }

  override digest(digest: Digest): void {
    digest.string('scheduled').string(this.tag)
  }
}

class CallEvent extends KernelEvent implements MachineTask {
  private readonly machine: Machine
  private readonly tag: string
  private readonly body: (process: Process) => void

  constructor(machine: Machine, tag: string, body: (process: Process) => void) {
    super()
    this.machine = machine
    this.tag = tag
    this.body = body
  }

  override run(): void {
    if (this.machine.life !== undefined) this.machine.dispatch(this)
  }

  perform(): void {
    this.body(this.machine.process!)
  }

  override digest(digest: Digest): void {
    digest.string('call').string(this.machine.name).string(this.tag)
  }
}
