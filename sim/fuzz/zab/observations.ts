/** What all clients of a run have seen and been told, and what that is checked against. */
import type { ZkError, Zxid } from '../../../src/zookeeper/index.ts'
import { promise } from './breach.ts'
import type { CommittedState } from './committed-state.ts'
import type { Leadership } from './leadership.ts'
import { SessionWitness } from './session-witness.ts'
import { type AskedWrite, Writes } from './writes.ts'

export interface SyncAsked {
  readonly committed: Zxid
  /** Changes of leadership so far; undefined if more than one server believed that it leads. */
  readonly leadership: number | undefined
}

export class Observations {
  readonly writes = new Writes()
  readonly counts = {
    reads: 0,
    staleReads: 0,
    watchesSet: 0,
    watchEvents: 0,
    connectionLosses: 0,
    multis: 0,
    multisRefused: 0,
    versionsRefused: 0,
    syncs: 0,
  }
  private readonly committed: CommittedState
  private readonly leadership: Leadership

  constructor(committed: CommittedState, leadership: Leadership) {
    this.committed = committed
    this.leadership = leadership
  }

  witness(session: string): SessionWitness {
    return new SessionWitness(session, this.committed, this.counts)
  }

  /** What was answered with OK has been committed. */
  answered(write: AskedWrite, answer: ZkError, witness: SessionWitness): void {
    write.answer = answer
    const { zxid } = write
    if (answer === 'OK') {
      promise(zxid !== undefined, () => `${write.data} was acknowledged and is not committed`)
      witness.wrote(zxid)
    } else if (answer !== 'ConnectionLoss' && answer !== 'SessionExpired') {
      promise(zxid === undefined, () => `${write.data} was committed and answered with ${answer}`)
    }
  }

  /** A conditional write was refused: then the node really had moved on. */
  refusedVersion(path: string, expected: number): void {
    this.counts.versionsRefused += 1
    const version = this.committed.nodes.get(path)?.version
    promise(version !== expected, () => `${path} has version ${version}, and a write for it was refused`)
  }

  deleted(path: string): void {
    promise(!this.committed.nodes.has(path), () => `${path} is there after its deletion was acknowledged`)
  }

  syncAsked(): SyncAsked {
    const { committed, leadership } = this
    return {
      committed: committed.lastZxid,
      leadership: leadership.isContested ? undefined : leadership.changes,
    }
  }

  /**
   * Whether a sync that just came back promises anything: a leader that does not know yet that it is deposed lets syncs
   * pass, in ZooKeeper too (ZOOKEEPER-2136), so it does if one leader alone has led all the while.
   */
  syncPromises(asked: SyncAsked): boolean {
    this.counts.syncs += 1
    const { leadership } = this
    return asked.leadership !== undefined && asked.leadership === leadership.changes && !leadership.isContested
  }
}
