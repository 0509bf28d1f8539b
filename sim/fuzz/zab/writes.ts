/**
 * Every write that a client of the run asked for, by its data, which no other write has: what was committed is compared
 * with what was asked, what was answered with what was committed.
 */
import type { ZnodeChange } from '../../../src/zookeeper/events.ts'
import { formatZxid, type ZkError, type Zxid } from '../../../src/zookeeper/index.ts'
import { promise } from './breach.ts'

export interface AskedWrite {
  /** `c1-17`: the client and its count, which rises over its lives. */
  readonly data: string
  readonly session: string
  /** For a conditional write: the version that it must find. */
  readonly expectedVersion: number | undefined
  /** How many nodes it writes: 2 for a multi. */
  readonly nodes: number
  /** Undefined while it is not answered. */
  answer: ZkError | undefined
  zxid: Zxid | undefined
}

export class Writes {
  private readonly asked = new Map<string, AskedWrite>()
  private readonly lastOf = new Map<string, number>()

  ask(data: string, session: string, options: { expectedVersion?: number; nodes?: number } = {}): AskedWrite {
    const { expectedVersion, nodes = 1 } = options
    const write: AskedWrite = { data, session, expectedVersion, nodes, answer: undefined, zxid: undefined }
    this.asked.set(data, write)
    return write
  }

  /** A transaction was committed. Each write takes effect once at most, in the order in which its session asked. */
  committed(zxid: Zxid, session: string, changes: readonly ZnodeChange[]): void {
    const written = changes.filter((change) => change.op !== 'delete' && this.asked.has(change.data))
    for (const change of written) {
      if (change.op === 'delete') continue
      const write = this.asked.get(change.data)!
      const name = `${write.data} (${formatZxid(zxid)})`
      promise(write.zxid === undefined || write.zxid === zxid, () => `${name} took effect twice`)
      promise(write.session === session, () => `${name} was asked in ${write.session} and committed for ${session}`)
      promise(write.nodes === written.length, () => `${name} wrote ${written.length} nodes of ${write.nodes}`)
      promise(
        write.answer === undefined || write.answer === 'ConnectionLoss' || write.answer === 'SessionExpired',
        () => `${name} was refused with ${write.answer}, and took effect all the same`,
      )
      const { expectedVersion } = write
      promise(
        expectedVersion === undefined || (change.op === 'setData' && change.version === expectedVersion + 1),
        () => `${name} took effect on another version than ${expectedVersion}`,
      )
      if (write.zxid === undefined) this.inOrder(write, name)
      write.zxid = zxid
    }
  }

  /** What became of the writes whose answer was lost with a connection. */
  unknownOutcomes(): { readonly applied: number; readonly notApplied: number } {
    let applied = 0
    let notApplied = 0
    for (const { answer, zxid } of this.asked.values()) {
      if (answer !== 'ConnectionLoss') continue
      if (zxid === undefined) notApplied += 1
      else applied += 1
    }
    return { applied, notApplied }
  }

  acknowledged(): number {
    let count = 0
    for (const { answer } of this.asked.values()) if (answer === 'OK') count += 1
    return count
  }

  private inOrder({ data, session }: AskedWrite, name: string): void {
    const number = Number(data.slice(data.indexOf('-') + 1))
    const last = this.lastOf.get(session) ?? -1
    promise(number > last, () => `${name} took effect after number ${last} of the same session`)
    this.lastOf.set(session, number)
  }
}
