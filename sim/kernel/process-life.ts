/**
 * One life of a process on a machine, and its `Host`. Timers, listeners, connections and file handles belong to the
 * life: when it ends they are gone, and nothing of them calls back.
 */
import {
  type Address,
  type Connection,
  type ConnectionHandler,
  type Digest,
  type FileSystem,
  type Host,
  invariant,
  type Micros,
  type Process,
  ProcessHalted,
  type RandomStream,
  type Timer,
  type TraceEvent,
} from '../../src/host/index.ts'
import type { Endpoint } from './endpoint.ts'
import { KernelEvent } from './event-queue.ts'
import type { Machine, MachineTask } from './machine.ts'
import type { Trace } from './trace.ts'
import type { World } from './world.ts'

export type Accept = (connection: Connection) => ConnectionHandler

export class ProcessLife implements Host {
  readonly machine: string
  /** From 1, counted on the machine. */
  readonly number: number
  readonly owner: Machine
  readonly files: FileSystem
  readonly endpoints = new Set<Endpoint>()
  isAlive = true
  /** Set when the process ended itself; takes effect when its handler returns. */
  exitReason: string | undefined
  process!: Process
  private readonly world: World
  private readonly trace_: Trace
  private readonly listeners = new Map<number, Accept>()

  constructor(world: World, owner: Machine, number: number) {
    this.world = world
    this.owner = owner
    this.machine = owner.name
    this.number = number
    this.files = owner.disk
    this.trace_ = world.trace
  }

  now(): Micros {
    return this.owner.clock.read(this.owner.effectiveNow())
  }

  setTimer(delayUs: Micros, tag: string, fire: () => void): Timer {
    if (!(delayUs >= 0 && Number.isSafeInteger(delayUs))) invariant(false, `timer '${tag}' in ${delayUs} us`)
    const { clock } = this.owner
    const dueTicks = clock.ticks(this.owner.effectiveNow()) + delayUs
    const timer = new ProcessTimer(this.world, this, tag, dueTicks, fire)
    if (this.isAlive) this.world.push(clock.whenTicks(dueTicks), timer)
    return timer
  }

  listen(port: number, accept: Accept): void {
    if (!this.isAlive) return
    invariant(!this.listeners.has(port), () => `port ${port} of ${this.machine} is listened on twice`)
    this.listeners.set(port, accept)
  }

  unlisten(port: number): void {
    this.listeners.delete(port)
  }

  connect(address: Address, handler: ConnectionHandler, timeoutUs: Micros): Connection {
    invariant(this.isAlive, () => `a process of ${this.machine} connects after its end`)
    return this.world.network.connect(this, this.world.machine(address.machine), address.port, handler, timeoutUs)
  }

  random(purpose: string): RandomStream {
    return this.owner.random(purpose)
  }

  get tracing(): boolean {
    return this.trace_.active
  }

  trace(event: TraceEvent): void {
    if (this.isAlive) this.trace_.emit(this.machine, event)
  }

  charge(us: Micros): void {
    if (this.isAlive) this.owner.charge(us)
  }

  halt(reason: string): never {
    if (this.isAlive) {
      this.exitReason ??= reason
      this.owner.onHalt(this)
    }
    throw new ProcessHalted(reason)
  }

  // What follows serves the other parts of the kernel.

  accepts(port: number): boolean {
    return this.listeners.has(port)
  }

  listener(port: number): Accept | undefined {
    return this.listeners.get(port)
  }

  digest(digest: Digest): void {
    digest.int(this.number).string(this.exitReason ?? '')
    for (const port of [...this.listeners.keys()].sort((a, b) => a - b)) digest.int(port)
    this.process.digest(digest)
  }
}

export class ProcessTimer extends KernelEvent implements Timer, MachineTask {
  readonly life: ProcessLife
  readonly tag: string
  /** On the ticks of the machine's clock. */
  readonly dueTicks: Micros
  private readonly world: World
  private fire: () => void

  constructor(world: World, life: ProcessLife, tag: string, dueTicks: Micros, fire: () => void) {
    super()
    this.world = world
    this.life = life
    this.tag = tag
    this.dueTicks = dueTicks
    this.fire = fire
  }

  override run(): void {
    this.life.owner.dispatch(this)
  }

  perform(): void {
    if (!this.cancelled) this.fire()
  }

  cancel(): void {
    this.world.queue.cancel(this)
    this.fire = nothing
  }

  override digest(digest: Digest): void {
    digest.string('timer').string(this.life.machine).string(this.tag).int(this.dueTicks).boolean(this.cancelled)
  }
}

const nothing = (): void => {}
