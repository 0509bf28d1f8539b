/**
 * The contract between a process (broker, ZooKeeper server, client) and the world it runs in.
 *
 * A process is a class without awaits, clocks, sockets or global state of its own: it is called with events and calls
 * back into its `Host`. The same class therefore runs under the simulator's virtual clock and on a wall clock.
 * Callbacks handed to a host (timers, connection handlers) belong to one life of the process: when the process crashes
 * or the machine loses power the host drops them all, and a restart builds a new process object.
 */
import type { Digest } from './digest.ts'
import type { FileSystem } from './files.ts'

/** Microseconds on some clock, always an integer (2^53 us is 285 years). */
export type Micros = number

export const MILLISECOND: Micros = 1_000
export const SECOND: Micros = 1_000_000

/** Milliseconds (the unit of Kafka's configuration) as microseconds. */
export const fromMs = (ms: number): Micros => ms * MILLISECOND

/** Where a server listens: a machine's name and a port on it. */
export interface Address {
  readonly machine: string
  readonly port: number
}

/** What travels over a connection: a plain object, deeply read-only (the receiver gets the very same object). */
export type Message = object

/**
 * Why a connection ended, as the side that is told sees it.
 * - `refused`: nobody listens at the address.
 * - `timeout`: the connection could not be opened within the time given.
 * - `reset`: the peer's machine says that it knows no such connection (its process died, or it was rebooted).
 * - `peer-closed`: the peer closed it in order, or its process ended and the operating system closed it.
 */
export type CloseReason = 'refused' | 'timeout' | 'reset' | 'peer-closed'

/** A TCP-like connection: ordered and reliable while it is up. */
export interface Connection {
  readonly id: number
  /** Name of the machine at the other end. */
  readonly peer: string
  /** False once closed by either side, as far as this side knows. */
  readonly isOpen: boolean
  /** Queues a message of `sizeBytes` wire bytes. On a closed connection the message is dropped in silence. */
  send(message: Message, sizeBytes: number): void
  /** Closes in order; the handler of this side is not called again. */
  close(): void
}

export interface ConnectionHandler {
  /** Client side only: the connection stands. Messages may be sent before; they wait for this moment. */
  opened?(connection: Connection): void
  received(message: Message, connection: Connection): void
  /** Called once, at most; never after this side called `close()`. */
  closed(reason: CloseReason, connection: Connection): void
}

export interface Timer {
  cancel(): void
}

/** Random integers of one named stream. The `label` names the choice in recordings of a run. */
export interface RandomStream {
  /** Uniform in 0 .. n-1; n at least 1. */
  intBelow(n: number, label: string): number
  /** Uniform in low .. high, both included. */
  intBetween(low: number, high: number, label: string): number
  /** True in `numerator` out of `denominator` cases. */
  chance(numerator: number, denominator: number, label: string): boolean
  /** One of the items; the list must not be empty. */
  pick<T>(items: readonly T[], label: string): T
}

/** Something worth telling, from whoever it concerns. Each layer declares its own union of kinds in `events.ts`. */
export interface TraceEvent {
  readonly kind: string
}

/** Thrown by `Host.halt` to unwind the handler of a process that has just ended itself. Only hosts catch it. */
export class ProcessHalted extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'ProcessHalted'
  }
}

export interface Host {
  /** Name of this machine, such as `b1`. */
  readonly machine: string
  /** This machine's clock, which may be skewed, drift and jump. */
  now(): Micros
  /**
   * Calls `fire` once after `delayUs` (never early; later if the process is paused or busy).
   * @param tag names the timer in traces and digests
   */
  setTimer(delayUs: Micros, tag: string, fire: () => void): Timer
  /** Accepts connections on a port; `accept` returns the handler of each. One listener a port. */
  listen(port: number, accept: (connection: Connection) => ConnectionHandler): void
  /** Stops accepting on a port; connections that stand stay. */
  unlisten(port: number): void
  /** Opens a connection; `closed` tells of failure, after `timeoutUs` at the latest. */
  connect(address: Address, handler: ConnectionHandler, timeoutUs: Micros): Connection
  /** This machine's disk. */
  readonly files: FileSystem
  /** The random stream of a purpose, private to this machine: the same purpose gives the same stream object. */
  random(purpose: string): RandomStream
  /** True if somebody listens to trace events: build an event only then. */
  readonly tracing: boolean
  trace<E extends TraceEvent>(event: E): void
  /** Time that work in the present handler takes: what it sends leaves later, and the next event waits. */
  charge(us: Micros): void
  /**
   * The process ends itself (Kafka's `System.exit` or `Runtime.halt`): like a crash, with a reason in the trace.
   * Throws `ProcessHalted`, which unwinds the running handler; the host that called the handler catches it.
   */
  halt(reason: string): never
}

/** One life of a server or client on a machine. */
export interface Process {
  /** Called once, after construction. */
  start(): void
  /** Asked to stop in order (SIGTERM); calls `host.halt` when done. Without this method the process just ends. */
  shutdown?(): void
  /** Feeds all state that decides the future, task positions included, in a fixed order. */
  digest(digest: Digest): void
}

/** Builds the process of a machine; called at each start, with a fresh host. */
export type ProcessFactory = (host: Host) => Process
