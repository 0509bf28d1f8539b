/**
 * What travels in one direction of a connection, and, once it arrived, what the receiving process has yet to hear.
 *
 *     client                      server
 *       | ---- syn ------------->  |   a refusal if nobody listens
 *       | <--- syn-ack ----------  |   by the operating system: a paused process does not delay it
 *       | ---- ack, data … ----->  |   the process accepts at the ack
 *       | <--- data … -----------  |
 *       | ---- fin ------------->  |   or rst: one side knows no such connection
 */
import type { Digest, Message, Micros } from '../../src/host/index.ts'
import { digestValue } from './digest-value.ts'
import type { Endpoint } from './endpoint.ts'
import type { MachineTask } from './machine.ts'

/** `timeout` never travels: it is the client's own word when its `syn` gets no answer. */
export type SegmentKind = 'syn' | 'syn-ack' | 'ack' | 'data' | 'fin' | 'rst' | 'refusal' | 'timeout'

export class Segment implements MachineTask {
  readonly kind: SegmentKind
  /** Who receives it. */
  readonly target: Endpoint
  readonly message: Message | undefined
  readonly bytes: number
  /** Kernel step during which it was sent. */
  readonly cause: number
  departAtUs: Micros = 0
  arriveAtUs: Micros = 0
  /** Interceptors had their say. */
  passed = false

  constructor(kind: SegmentKind, target: Endpoint, message: Message | undefined, bytes: number, cause: number) {
    this.kind = kind
    this.target = target
    this.message = message
    this.bytes = bytes
    this.cause = cause
  }

  perform(): void {
    this.target.hear(this)
  }

  digest(digest: Digest): void {
    digest.string(this.kind).int(this.target.id).boolean(this.passed).int(this.bytes)
    if (this.message !== undefined) digestValue(digest, this.message)
  }
}
