/** A server's end of the connection to one client (ServerCnxn), with the requests that wait for their turn. */
import type { Connection, Digest } from '../../host/index.ts'
import { zkMessageBytes } from '../message-size.ts'
import type { ClientMessage } from '../messages.ts'
import type { ClientOperation } from '../operation.ts'

export interface PendingRequest {
  readonly xid: number
  readonly operation: ClientOperation
}

export class ClientLink {
  readonly connection: Connection
  /** Empty until the client asked for one. */
  session = ''
  timeoutMs = 0
  /** The session is granted: requests are taken. */
  established = false
  /** In the order they came; the first one is a write that waits for its commit, or a sync. */
  readonly pending: PendingRequest[] = []

  constructor(connection: Connection) {
    this.connection = connection
  }

  send(message: ClientMessage): void {
    this.connection.send(message, zkMessageBytes(message))
  }

  digest(d: Digest): void {
    d.string(this.session).int(this.timeoutMs).boolean(this.established).word(this.pending.length)
    for (const { xid } of this.pending) d.int(xid)
  }
}
