/**
 * A machine: a clock, a disk and at most one process at a time.
 *
 *     off      no power.                             boot, restart → running
 *     stopped  the operating system runs, no process. boot, restart → running; powerOff → off
 *     running  events reach the process.              crash, exit → stopped; powerOff → off; pause → paused
 *     paused   a long garbage collection: the process hears nothing, the operating system acknowledges bytes and keeps
 *              sockets open.                          resume → running; crash → stopped; powerOff → off
 *
 * A process hears of one thing at a time. While it is paused, or busy with work that it charged, what comes waits in the
 * inbox, in order. Faults that strike from within the machine's own handler take effect when the handler returns.
 */
import {
  type Digest,
  type FileSystem,
  invariant,
  type Micros,
  type Process,
  type ProcessFactory,
  ProcessHalted,
  type RandomStream,
} from '../../src/host/index.ts'
import type { DiskCosts } from './disk-content.ts'
import type { UnsyncedFate } from './disk-power-loss.ts'
import { KernelEvent } from './event-queue.ts'
import type { MachineState, WorldEvent } from './events.ts'
import { MachineClock } from './machine-clock.ts'
import { MemoryFileSystem } from './memory-files.ts'
import type { Pipe } from './pipe.ts'
import { ProcessLife, ProcessTimer } from './process-life.ts'
import { Segment } from './segment.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import type { World } from './world.ts'

/** Something that a process has yet to hear. */
export interface MachineTask {
  /** Kernel step that led to it. */
  readonly cause: number
  perform(): void
  digest(digest: Digest): void
}

export interface MachineOptions {
  /** What lies under the simulated disk; in memory unless given. */
  readonly files?: FileSystem
  readonly clock?: { readonly offsetUs?: Micros; readonly driftPpm?: number }
  readonly disk?: DiskCosts
}

export class Machine {
  readonly name: string
  readonly disk: SimulatedDisk
  readonly clock: MachineClock
  state: MachineState = 'off'
  /** The life of the present process. */
  life: ProcessLife | undefined
  /** Directions of connections whose bytes wait for this machine to have power. */
  readonly parked = new Set<Pipe>()
  private readonly world: World
  private factory: ProcessFactory | undefined
  private lives = 0
  private readonly streams = new Map<string, RandomStream>()
  private inbox: MachineTask[] = []
  private inboxFirst = 0
  private isExecuting = false
  private busyUntilUs: Micros = 0
  private pausedAtUs: Micros = 0
  /** Sends that were to leave after work that the pause interrupted. */
  private unsent: Array<{ readonly pipe: Pipe; readonly segment: Segment }> = []
  private readonly wake: MachineWake
  /** Faults to take effect when the handler returns. */
  private readonly afterHandler: Array<() => void> = []

  constructor(world: World, name: string, options: MachineOptions) {
    this.world = world
    this.name = name
    this.clock = new MachineClock(options.clock?.offsetUs ?? 0, options.clock?.driftPpm ?? 0)
    this.wake = new MachineWake(this)
    const environment = {
      trueTime: () => world.now,
      clock: () => this.clock.read(this.effectiveNow()),
      charge: (us: Micros) => this.charge(us),
      random: world.random(`disk/${name}`),
      fault: (fault: string, path: string, position: number, length: number) =>
        this.emit({ kind: 'DiskFault', fault, path, position, length }),
    }
    this.disk = new SimulatedDisk(options.files ?? new MemoryFileSystem(), environment, options.disk)
  }

  get process(): Process | undefined {
    return this.life?.process
  }

  get hasPower(): boolean {
    return this.state !== 'off'
  }

  /** True time when the work that the process has charged so far will be done; it does not go on while paused. */
  get busyUntil(): Micros {
    return this.busyUntilUs
  }

  /** Sets what runs here, and starts it, as `restart` does. */
  boot(factory: ProcessFactory): void {
    this.install(factory)
    this.restart()
  }

  /** Says what the machine will run when it is started. */
  install(factory: ProcessFactory): void {
    this.factory = factory
  }

  /** Starts a new process, with power on; a process that still runs is killed first. */
  restart(): void {
    if (this.isPostponed(() => this.restart())) return
    const { factory } = this
    invariant(factory !== undefined, () => `machine ${this.name} has nothing to run: boot it first`)
    if (this.life !== undefined) this.endLife('crash', 'restarted', this.world.now)
    const hadPower = this.hasPower
    this.state = 'running'
    const life = new ProcessLife(this.world, this, ++this.lives)
    this.life = life
    this.emit({ kind: 'ProcessStarted', life: life.number })
    this.build(life, factory)
    if (hadPower) return
    const pipes = [...this.parked]
    this.parked.clear()
    for (const pipe of pipes) pipe.resume()
  }

  /** The process is killed; the operating system lives: the page cache stays, sockets are closed. */
  crash(reason = 'killed'): void {
    if (this.life === undefined || this.isPostponed(() => this.crash(reason))) return
    this.endLife('crash', reason, this.world.now)
  }

  /** Power is lost: with it the page cache, and peers hear nothing. */
  powerOff(unsynced?: UnsyncedFate): void {
    if (this.state === 'off' || this.isPostponed(() => this.powerOff(unsynced))) return
    if (this.life !== undefined) this.endLife('power', 'power lost', this.world.now)
    this.state = 'off'
    this.world.network.losePower(this)
    const { filesChanged, bytesLost } = this.disk.powerLoss(unsynced)
    this.emit({ kind: 'PowerLost', filesChanged, bytesLost })
  }

  /** Asks the process to stop in order; one that cannot be asked is killed. A paused process hears of it later. */
  shutdown(): void {
    if (this.life === undefined) return
    this.enqueue(new ShutdownTask(this, this.life, this.world.currentStep))
  }

  pause(): void {
    if (this.state !== 'running' || this.isPostponed(() => this.pause())) return
    const { now } = this.world
    this.state = 'paused'
    this.pausedAtUs = now
    for (const { out } of this.life!.endpoints) {
      for (const segment of out.takeUnsent(now)) this.unsent.push({ pipe: out, segment })
    }
    this.emit({ kind: 'Paused' })
  }

  resume(): void {
    if (this.isPostponed(() => this.resume()) || this.state !== 'paused') return
    const pausedUs = this.world.now - this.pausedAtUs
    this.state = 'running'
    this.emit({ kind: 'Resumed' })
    if (this.busyUntilUs > this.pausedAtUs) this.busyUntilUs += pausedUs
    for (const { pipe, segment } of this.unsent) pipe.add(segment, segment.departAtUs + pausedUs)
    this.unsent = []
    this.scheduleWake()
  }

  /** Moves the wall clock by a jump, and sets how fast the clock runs. Timers follow the rate, not the jump. */
  setClock(change: { readonly jumpUs?: Micros; readonly driftPpm?: number }): void {
    const { jumpUs = 0, driftPpm = this.clock.driftPpm } = change
    this.clock.jump(jumpUs)
    if (driftPpm !== this.clock.driftPpm) {
      const { now, queue } = this.world
      this.clock.setDrift(driftPpm, now)
      queue.retime((event) =>
        event instanceof ProcessTimer && event.life === this.life
          ? Math.max(now, this.clock.whenTicks(event.dueTicks))
          : undefined,
      )
    }
    this.emit({ kind: 'ClockSet', jumpUs, driftPpm })
  }

  // What follows serves the other parts of the kernel.

  /** True time as the running handler sees it: what it charged has passed. */
  effectiveNow(): Micros {
    const { now } = this.world
    return this.isExecuting && this.busyUntilUs > now ? this.busyUntilUs : now
  }

  charge(us: Micros): void {
    if (!(us >= 0 && Number.isSafeInteger(us))) invariant(false, `${us} us of work are charged to ${this.name}`)
    // Somebody who looks at the disk from outside takes no time.
    if (this.isExecuting) this.busyUntilUs = this.effectiveNow() + us
  }

  random(purpose: string): RandomStream {
    let stream = this.streams.get(purpose)
    if (stream === undefined) {
      stream = this.world.random(`host/${this.name}/${purpose}`)
      this.streams.set(purpose, stream)
    }
    return stream
  }

  /** From a kernel event: the process hears of something now, or when it is free. */
  dispatch(task: MachineTask): void {
    const isFree =
      this.state === 'running' && this.inboxFirst === this.inbox.length && this.busyUntilUs <= this.world.now
    if (isFree) this.execute(task)
    else this.enqueue(task)
  }

  /** From anywhere: the process hears of something in a kernel event of its own. */
  enqueue(task: MachineTask): void {
    this.inbox.push(task)
    this.scheduleWake()
  }

  /** The process ended itself: at once, or, within a handler, when that is unwound. */
  onHalt(life: ProcessLife): void {
    if (!this.isExecuting) this.endLife('exit', life.exitReason!, this.world.now)
  }

  /** The process hears of the first thing in the inbox. */
  onWake(): void {
    if (this.state !== 'running') return
    if (this.busyUntilUs <= this.world.now) {
      const task = this.takeTask()
      if (task === undefined) return
      this.world.cause = task.cause
      this.execute(task)
    }
    this.scheduleWake()
  }

  digest(digest: Digest): void {
    digest.string(this.name).string(this.state).int(this.lives)
    digest.int(this.busyUntilUs).int(this.pausedAtUs)
    this.clock.digest(digest)
    for (let i = this.inboxFirst; i < this.inbox.length; i++) this.inbox[i]!.digest(digest)
    for (const { segment } of this.unsent) segment.digest(digest.int(segment.departAtUs))
    this.life?.digest(digest)
    this.disk.digest(digest)
  }

  private execute(task: MachineTask): void {
    this.isExecuting = true
    try {
      task.perform()
    } catch (error) {
      if (!(error instanceof ProcessHalted) || this.life?.exitReason === undefined) throw error
    } finally {
      this.isExecuting = false
    }
    const reason = this.life?.exitReason
    if (reason !== undefined) this.endLife('exit', reason, Math.max(this.world.now, this.busyUntilUs))
    if (this.afterHandler.length > 0) for (const fault of this.afterHandler.splice(0)) fault()
  }

  private build(life: ProcessLife, factory: ProcessFactory): void {
    try {
      life.process = factory(life)
    } catch (error) {
      // It may halt while it is built; the machine is then up without a process.
      if (error instanceof ProcessHalted && !life.isAlive) return
      throw error
    }
    this.enqueue(new StartTask(life, this.world.currentStep))
  }

  private isPostponed(action: () => void): boolean {
    if (!this.isExecuting) return false
    this.afterHandler.push(action)
    return true
  }

  /** @param atUs what would have left after this time does not leave any more */
  private endLife(how: 'crash' | 'exit' | 'power', reason: string, atUs: Micros): void {
    const life = this.life!
    life.isAlive = false
    this.life = undefined
    this.state = 'stopped'
    this.world.queue.removeWhere((event) => event === this.wake || ('life' in event && event.life === life))
    for (let i = this.inboxFirst; i < this.inbox.length; i++) {
      const task = this.inbox[i]!
      if (task instanceof Segment && task.kind === 'data') task.target.hasUnread = true
    }
    this.inbox = []
    this.inboxFirst = 0
    this.unsent = []
    this.busyUntilUs = this.world.now
    this.disk.endLife()
    this.emit({ kind: 'ProcessEnded', how, reason })
    // Without power nobody is left to close sockets: see Network.losePower.
    if (how !== 'power') for (const endpoint of [...life.endpoints]) endpoint.endWithProcess(atUs)
  }

  private takeTask(): MachineTask | undefined {
    if (this.inboxFirst === this.inbox.length) return undefined
    const task = this.inbox[this.inboxFirst++]!
    if (this.inboxFirst === this.inbox.length) {
      this.inbox.length = 0
      this.inboxFirst = 0
    } else if (this.inboxFirst > 32 && this.inboxFirst * 2 > this.inbox.length) {
      this.inbox = this.inbox.slice(this.inboxFirst)
      this.inboxFirst = 0
    }
    return task
  }

  private scheduleWake(): void {
    if (this.wake.queued || this.state !== 'running' || this.inboxFirst === this.inbox.length) return
    this.world.push(Math.max(this.world.now, this.busyUntilUs), this.wake)
  }

  private emit(event: WorldEvent): void {
    this.world.emit(this.name, event)
  }
}

/** The machine's process is free to hear the next thing. */
class MachineWake extends KernelEvent {
  private readonly machine: Machine

  constructor(machine: Machine) {
    super()
    this.machine = machine
  }

  override run(): void {
    this.machine.onWake()
  }

  override digest(digest: Digest): void {
    digest.string('wake').string(this.machine.name)
  }
}

class StartTask implements MachineTask {
  readonly cause: number
  private readonly life: ProcessLife

  constructor(life: ProcessLife, cause: number) {
    this.life = life
    this.cause = cause
  }

  perform(): void {
    this.life.process.start()
  }

  digest(digest: Digest): void {
    digest.string('start')
  }
}

class ShutdownTask implements MachineTask {
  readonly cause: number
  private readonly machine: Machine
  private readonly life: ProcessLife

  constructor(machine: Machine, life: ProcessLife, cause: number) {
    this.machine = machine
    this.life = life
    this.cause = cause
  }

  perform(): void {
    const { process } = this.life
    if (process.shutdown === undefined) this.machine.crash('shutdown')
    else process.shutdown()
  }

  digest(digest: Digest): void {
    digest.string('shutdown')
  }
}
