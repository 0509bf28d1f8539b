/** A leader's end of the connection to one follower, and what it knows of it (LearnerHandler). */
import type { Connection, Digest } from '../../host/index.ts'
import { zkMessageBytes } from '../message-size.ts'
import type { LeaderMessage } from '../messages.ts'
import type { Zxid } from '../zxid.ts'

export interface FollowerSummary {
  readonly currentEpoch: number | null
  readonly lastZxid: Zxid
  readonly oldestZxid: Zxid
}

export class FollowerLink {
  readonly connection: Connection
  /** Server id, once FOLLOWERINFO told it. */
  id: number | undefined
  /** Its history, once ACKEPOCH told it. */
  summary: FollowerSummary | undefined
  /** Synchronisation has been sent: proposals and commits follow on it. */
  forwarding = false
  /** It acknowledged NEWLEADER: it counts for quorums. */
  synced = false
  /** It has durably logged everything up to here. */
  ackedZxid: Zxid = 0
  quietHalfTicks = 0

  constructor(connection: Connection) {
    this.connection = connection
  }

  send(message: LeaderMessage): void {
    this.connection.send(message, zkMessageBytes(message))
  }

  digest(d: Digest): void {
    d.int(this.id ?? -1)
      .boolean(this.summary !== undefined)
      .boolean(this.forwarding)
      .boolean(this.synced)
    d.int(this.ackedZxid).int(this.quietHalfTicks)
  }
}
