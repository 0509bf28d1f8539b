/**
 * Connections for election notifications (port 3888; org.apache.zookeeper.server.quorum.QuorumCnxManager). Each server
 * opens a connection of its own to whom it has something to say, and reads from those that others open: ZooKeeper keeps
 * one connection for both ways, which makes no difference to the election. A lost notification is repeated by back-off.
 */
import { type Connection, type Digest, fromMs, type Host } from '../../host/index.ts'
import { zkMessageBytes } from '../message-size.ts'
import { type Notification, ZOOKEEPER_ELECTION_PORT } from '../messages.ts'

/** zookeeper.cnxTimeout */
const CONNECT_TIMEOUT_MS = 5_000

export class ElectionLinks {
  private readonly host: Host
  private readonly machines: ReadonlyMap<number, string>
  private readonly received: (notification: Notification, first: boolean) => void
  private readonly outgoing = new Map<number, Connection>()

  constructor(
    host: Host,
    machines: ReadonlyMap<number, string>,
    received: (notification: Notification, first: boolean) => void,
  ) {
    this.host = host
    this.machines = machines
    this.received = received
  }

  listen(): void {
    this.host.listen(ZOOKEEPER_ELECTION_PORT, () => {
      let first = true
      return {
        received: (message) => {
          const isFirst = first
          first = false
          this.received(message as Notification, isFirst)
        },
        closed: () => {},
      }
    })
  }

  send(to: number, notification: Notification): void {
    let connection = this.outgoing.get(to)
    if (connection === undefined || !connection.isOpen) {
      const address = { machine: this.machines.get(to)!, port: ZOOKEEPER_ELECTION_PORT }
      connection = this.host.connect(
        address,
        {
          received: () => {},
          closed: (_reason, closed) => {
            if (this.outgoing.get(to) === closed) this.outgoing.delete(to)
          },
        },
        fromMs(CONNECT_TIMEOUT_MS),
      )
      this.outgoing.set(to, connection)
    }
    connection.send(notification, zkMessageBytes(notification))
  }

  digest(d: Digest): void {
    for (const [to, connection] of this.outgoing) d.int(to).boolean(connection.isOpen)
  }
}
