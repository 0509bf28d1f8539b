/**
 * What one session sees, checked against what was committed: it never goes back in time, its own writes are there when it
 * reads after them, what it reads was committed, and no new data come before the event of the watch that was set on the
 * old ones.
 */
import { formatZxid, type WatchEventType, type ZkStat, type Zxid } from '../../../src/zookeeper/index.ts'
import { promise } from './breach.ts'
import type { CommittedState } from './committed-state.ts'

interface ArmedWatch {
  /** `exist`: of a node that is not there; when that was, nobody can tell. */
  readonly kind: 'data' | 'child' | 'exist'
  readonly path: string
  /** The state that the client saw when it set the watch. */
  readonly zxid: Zxid
}

export interface SightCounts {
  reads: number
  staleReads: number
  watchesSet: number
  watchEvents: number
}

export class SessionWitness {
  readonly session: string
  private readonly committed: CommittedState
  private readonly counts: SightCounts
  /** Everything up to here is known to have been seen. */
  private floor: Zxid = 0
  private readonly armed = new Map<string, ArmedWatch>()

  constructor(session: string, committed: CommittedState, counts: SightCounts) {
    this.session = session
    this.committed = committed
    this.counts = counts
  }

  /** An own write was acknowledged. */
  wrote(zxid: Zxid): void {
    this.advance(zxid)
  }

  readData(path: string, data: string, stat: ZkStat, watch: boolean): void {
    const { committed } = this
    const { mzxid } = stat
    this.counts.reads += 1
    promise(mzxid <= committed.lastZxid, () =>
      this.says(`read ${path} of ${formatZxid(mzxid)}, which is not committed`),
    )
    const written = committed.dataAt(path, mzxid)
    promise(written === data, () =>
      this.says(`read ${data} in ${path}, where ${formatZxid(mzxid)} wrote ${written ?? 'nothing'}`),
    )
    const next = committed.nextWrite(path, mzxid)
    if (next !== Number.POSITIVE_INFINITY) this.counts.staleReads += 1
    promise(next > this.floor, () => this.wentBack(path, mzxid, next))
    this.advance(mzxid)
    if (watch) this.arm('data', path, mzxid)
  }

  readChildren(path: string, stat: ZkStat, watch: boolean): void {
    const { committed } = this
    const { pzxid } = stat
    this.counts.reads += 1
    promise(pzxid <= committed.lastZxid, () => this.says(`read children of ${path} that are not committed`))
    const next = committed.nextChildChange(path, pzxid)
    if (next !== Number.POSITIVE_INFINITY) this.counts.staleReads += 1
    promise(next > this.floor, () => this.wentBack(`children of ${path}`, pzxid, next))
    this.advance(pzxid)
    if (watch) this.arm('child', path, pzxid)
  }

  /** A node that is never deleted is not there (any more). */
  missed(path: string): void {
    const first = this.committed.nextWrite(path, 0)
    promise(first > this.floor, () => this.wentBack(path, 0, first))
  }

  /** A node is not there, and a watch is set on its creation. */
  waitsFor(path: string): void {
    this.arm('exist', path, 0)
  }

  /** After a sync: everything that was committed when it was asked is there. */
  synced(committedBefore: Zxid): void {
    this.advance(committedBefore)
  }

  fired(type: WatchEventType, path: string): void {
    this.counts.watchEvents += 1
    for (const kind of kindsOf(type)) {
      const watch = this.armed.get(`${kind} ${path}`)
      if (watch === undefined) continue
      this.armed.delete(`${kind} ${path}`)
      if (kind === 'exist') continue
      promise(this.nextChange(watch) !== Number.POSITIVE_INFINITY, () =>
        this.says(`was told ${type} of ${path}, where nothing changed after ${formatZxid(watch.zxid)}`),
      )
    }
  }

  /** Everything has come to rest: no watch still waits for what has happened. */
  judgeAtRest(): void {
    for (const watch of this.armed.values()) {
      const next = watch.kind === 'exist' ? this.creationOf(watch.path) : this.nextChange(watch)
      promise(next === Number.POSITIVE_INFINITY, () =>
        this.says(`was never told of ${formatZxid(next)} at ${watch.path}, watched since ${formatZxid(watch.zxid)}`),
      )
    }
  }

  private arm(kind: ArmedWatch['kind'], path: string, zxid: Zxid): void {
    this.counts.watchesSet += 1
    const key = `${kind} ${path}`
    if (!this.armed.has(key)) this.armed.set(key, { kind, path, zxid })
  }

  private advance(zxid: Zxid): void {
    if (zxid <= this.floor) return
    this.floor = zxid
    for (const watch of this.armed.values()) {
      if (watch.kind === 'exist') continue
      const next = this.nextChange(watch)
      promise(next > zxid, () =>
        this.says(`saw ${formatZxid(zxid)} before the event of ${formatZxid(next)} at ${watch.path}, which it watches`),
      )
    }
  }

  private nextChange({ kind, path, zxid }: ArmedWatch): Zxid {
    return kind === 'data' ? this.committed.nextWrite(path, zxid) : this.committed.nextChildChange(path, zxid)
  }

  private creationOf(path: string): Zxid {
    return this.committed.nodes.get(path)?.czxid ?? Number.POSITIVE_INFINITY
  }

  private wentBack(what: string, zxid: Zxid, next: Zxid): string {
    return this.says(
      `read ${what} of ${formatZxid(zxid)}, which ${formatZxid(next)} replaced, after it had seen ${formatZxid(this.floor)}`,
    )
  }

  private says(text: string): string {
    return `session ${this.session} ${text}`
  }
}

function kindsOf(type: WatchEventType): ReadonlyArray<ArmedWatch['kind']> {
  if (type === 'NodeChildrenChanged') return ['child']
  return type === 'NodeDeleted' ? ['data', 'exist', 'child'] : ['data', 'exist']
}
