/**
 * One end of a connection. Two things are told apart: what the operating system knows (`state`), which also moves while
 * the process is paused, and what the process knows (`isOpen`), which follows when the process gets to hear of it.
 */
import {
  type CloseReason,
  type Connection,
  type ConnectionHandler,
  type Digest,
  invariant,
  type Message,
  type Micros,
} from '../../src/host/index.ts'
import { KernelEvent } from './event-queue.ts'
import type { Machine } from './machine.ts'
import type { Network } from './network.ts'
import type { Pipe } from './pipe.ts'
import type { ProcessLife } from './process-life.ts'
import { Segment, type SegmentKind } from './segment.ts'

/**
 * idle:       server side before the syn arrives.
 * connecting: client side until the syn-ack (then open), a refusal or the timeout (then closed).
 * embryonic:  server side from the syn to the ack (then open).
 * open:       bytes flow.
 * closed:     this machine knows no such connection; data that arrives is answered with a reset.
 */
export type EndpointState = 'idle' | 'connecting' | 'embryonic' | 'open' | 'closed'

export class Endpoint implements Connection {
  /** Number of the connection: both ends have the same. */
  readonly id: number
  readonly machine: Machine
  readonly peer: string
  readonly port: number
  isOpen = true
  /** The process life that the socket belongs to. */
  life: ProcessLife | undefined
  /** Towards the peer. */
  out!: Pipe
  /** The other end. */
  other!: Endpoint
  state: EndpointState
  /** Bytes that arrived and that the process never read: its end is then a reset. */
  hasUnread = false
  private readonly network: Network
  private handler: ConnectionHandler | undefined
  private timeout: ConnectTimeout | undefined
  /** Sent by the client's process before the connection stood. */
  private early: Array<{ readonly message: Message; readonly sizeBytes: number }> = []

  constructor(
    network: Network,
    id: number,
    machine: Machine,
    peer: string,
    port: number,
    state: 'idle' | 'connecting',
  ) {
    this.network = network
    this.id = id
    this.machine = machine
    this.peer = peer
    this.port = port
    this.state = state
  }

  /** Client side: begins the handshake. */
  connect(life: ProcessLife, handler: ConnectionHandler, timeoutUs: Micros): void {
    this.life = life
    this.handler = handler
    life.endpoints.add(this)
    this.transmit('syn')
    this.timeout = new ConnectTimeout(life, this)
    this.network.world.push(this.machine.effectiveNow() + timeoutUs, this.timeout)
  }

  send(message: Message, sizeBytes: number): void {
    if (!(sizeBytes >= 0)) invariant(false, `a message of ${sizeBytes} bytes`)
    if (!this.isOpen || this.state === 'closed') return
    this.network.freeze(message)
    if (this.state === 'connecting') this.early.push({ message, sizeBytes })
    else this.transmit('data', message, sizeBytes)
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.handler = undefined
    if (this.state === 'open') this.transmit('fin')
    else if (this.state === 'connecting') this.out.clear()
    this.forget()
  }

  /** A segment arrives at this machine, which has power. */
  arrive(segment: Segment): void {
    switch (segment.kind) {
      case 'syn':
        return this.onSyn()
      case 'syn-ack':
        return this.onSynAck(segment)
      case 'ack':
        if (this.state === 'embryonic') this.state = 'open'
        break
      case 'fin':
      case 'rst':
      case 'refusal':
        return this.onEnd(segment)
      default:
        break
    }
    if (this.state === 'closed') this.refuseSegment()
    else this.machine.dispatch(segment)
  }

  /** The process gets to hear of a segment. */
  hear(segment: Segment): void {
    switch (segment.kind) {
      case 'data':
        return this.hearMessage(segment)
      case 'syn-ack':
        if (this.isOpen) this.handler?.opened?.(this)
        return
      case 'ack':
        return this.hearConnection()
      case 'fin':
        return this.hearEnd('peer-closed')
      case 'rst':
        return this.hearEnd('reset')
      case 'refusal':
        return this.hearEnd('refused')
      case 'timeout':
        return this.hearEnd('timeout')
      default:
        invariant(false, `a process hears of a ${segment.kind}`)
    }
  }

  /** Network.reset and the like: the connection is gone, and the process is told. */
  reset(): void {
    const wasKnown = this.state !== 'closed' && this.state !== 'idle'
    const { life } = this
    this.forget()
    if (wasKnown && life?.isAlive === true) this.machine.enqueue(this.segmentFor(this, 'rst'))
  }

  /** The process ended at a time and its operating system lives: it closes the socket. */
  endWithProcess(atUs: Micros): void {
    this.isOpen = false
    this.handler = undefined
    if (this.state === 'closed') return
    this.out.takeUnsent(atUs)
    if (this.state === 'connecting') this.out.clear()
    else this.out.add(this.segmentFor(this.other, this.hasUnread ? 'rst' : 'fin'), atUs)
    this.forget()
  }

  /** The machine lost power: nobody hears of it. */
  endWithPower(now: Micros): void {
    this.isOpen = false
    this.handler = undefined
    this.out.loseSender(now)
    this.forget()
  }

  digest(digest: Digest): void {
    digest.int(this.id).string(this.machine.name).string(this.state).boolean(this.isOpen).int(this.early.length)
    this.out.digestSegments(digest)
  }

  private onSyn(): void {
    const { life } = this.machine
    if (this.state !== 'idle') return
    if (life?.accepts(this.port) !== true) {
      this.state = 'closed'
      return this.transmit('refusal')
    }
    this.state = 'embryonic'
    this.life = life
    life.endpoints.add(this)
    this.transmit('syn-ack')
  }

  private onSynAck(segment: Segment): void {
    if (this.state !== 'connecting') return this.refuseSegment()
    this.state = 'open'
    this.stopTimeout()
    this.transmit('ack')
    for (const { message, sizeBytes } of this.early) this.transmit('data', message, sizeBytes)
    this.early = []
    this.machine.dispatch(segment)
  }

  private onEnd(segment: Segment): void {
    if (this.state === 'closed') return this.network.settle(this)
    this.forget()
    this.machine.dispatch(segment)
  }

  /** Whatever comes to a socket that is not there is answered with a reset, unless the sender is gone as well. */
  private refuseSegment(): void {
    if (this.other.state === 'closed') return this.network.settle(this)
    // A machine that lost power and came back sends again.
    this.out.senderIsGone = false
    this.transmit('rst')
  }

  private hearMessage(segment: Segment): void {
    const { handler } = this
    if (!this.isOpen || handler === undefined) return
    const message = segment.message!
    this.network.traceReceived(this, message)
    handler.received(message, this)
  }

  private hearConnection(): void {
    if (!this.isOpen) return
    const accept = this.life!.listener(this.port)
    if (accept === undefined) {
      this.isOpen = false
      this.transmit('rst')
      return this.forget()
    }
    this.handler = accept(this)
  }

  private hearEnd(reason: CloseReason): void {
    if (!this.isOpen) return
    this.isOpen = false
    const { handler } = this
    this.handler = undefined
    handler?.closed(reason, this)
  }

  /** Client side: the handshake took too long. */
  giveUp(): void {
    if (this.state !== 'connecting') return
    this.out.clear()
    this.forget()
    this.machine.dispatch(this.segmentFor(this, 'timeout'))
  }

  private transmit(kind: SegmentKind, message?: Message, bytes = 0): void {
    const { machine } = this
    this.out.add(this.segmentFor(this.other, kind, message, bytes), machine.effectiveNow())
    if (message !== undefined) this.network.traceSent(this, message, bytes)
  }

  private stopTimeout(): void {
    if (this.timeout !== undefined) this.network.world.queue.cancel(this.timeout)
    this.timeout = undefined
  }

  private segmentFor(target: Endpoint, kind: SegmentKind, message?: Message, bytes = 0): Segment {
    return new Segment(kind, target, message, bytes, this.network.world.currentStep)
  }

  /** The operating system knows this connection no longer. */
  private forget(): void {
    this.state = 'closed'
    this.stopTimeout()
    this.early = []
    this.life?.endpoints.delete(this)
    this.network.settle(this)
  }
}

/** Runs in the operating system: a paused process does not delay it. */
class ConnectTimeout extends KernelEvent {
  readonly life: ProcessLife
  private readonly endpoint: Endpoint

  constructor(life: ProcessLife, endpoint: Endpoint) {
    super()
    this.life = life
    this.endpoint = endpoint
  }

  override run(): void {
    this.endpoint.giveUp()
  }

  override digest(digest: Digest): void {
    digest.string('connect timeout').string(this.endpoint.machine.name).int(this.endpoint.id)
  }
}
