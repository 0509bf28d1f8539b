/**
 * Expiry of sessions, decided by the leader alone (org.apache.zookeeper.server.SessionTrackerImpl). Sessions wait in
 * buckets of one tick: expiry = ((now + timeout) / tickTime + 1) * tickTime, so a session ends between its timeout and a
 * tick more after it was last heard of. As in ZooKeeper 3.4 the clock is the machine's (ZOOKEEPER-1366): a forward jump
 * expires sessions early.
 *
 * It also knows which server a session is connected to, so that a request that an old connection left behind is refused
 * (SessionMoved).
 */
import { type Digest, fromMs, type Host, MILLISECOND, type Timer } from '../../host/index.ts'
import type { ZkError } from '../errors.ts'

interface TrackedSession {
  readonly timeoutMs: number
  /** Id of the server that its client is connected to, once it is known. */
  owner: number | undefined
  bucketMs: number
  closing: boolean
}

export class SessionTracker {
  private readonly host: Host
  private readonly tickTimeMs: number
  private readonly expire: (session: string) => void
  private readonly sessions = new Map<string, TrackedSession>()
  private readonly buckets = new Map<number, Set<string>>()
  private timer: Timer | undefined
  private stopped = false

  constructor(host: Host, tickTimeMs: number, expire: (session: string) => void) {
    this.host = host
    this.tickTimeMs = tickTimeMs
    this.expire = expire
  }

  add(session: string, timeoutMs: number, owner: number | undefined): void {
    if (this.sessions.has(session)) return
    this.sessions.set(session, { timeoutMs, owner, bucketMs: 0, closing: false })
    this.touch(session, timeoutMs)
  }

  remove(session: string): void {
    const tracked = this.sessions.get(session)
    if (tracked === undefined) return
    this.buckets.get(tracked.bucketMs)?.delete(session)
    this.sessions.delete(session)
  }

  /** Puts off the expiry. False if there is no such session, or it is about to end. */
  touch(session: string, timeoutMs: number): boolean {
    const tracked = this.sessions.get(session)
    if (tracked === undefined || tracked.closing) return false
    const bucketMs = this.bucketOf(this.nowMs() + timeoutMs)
    // Never earlier than granted before, as ZooKeeper has it.
    if (bucketMs <= tracked.bucketMs) return true
    this.buckets.get(tracked.bucketMs)?.delete(session)
    tracked.bucketMs = bucketMs
    const bucket = this.buckets.get(bucketMs)
    if (bucket === undefined) this.buckets.set(bucketMs, new Set([session]))
    else bucket.add(session)
    this.arm()
    return true
  }

  /** A client proved to `owner` that the session is its own. */
  setOwner(session: string, owner: number): void {
    const tracked = this.sessions.get(session)
    if (tracked !== undefined) tracked.owner = owner
  }

  /** Whether a request that came through `owner` may be carried out. */
  check(session: string, owner: number): ZkError {
    const tracked = this.sessions.get(session)
    if (tracked === undefined || tracked.closing) return 'SessionExpired'
    tracked.owner ??= owner
    return tracked.owner === owner ? 'OK' : 'SessionMoved'
  }

  /** Its closeSession is on the way: from now on it can do nothing. */
  setClosing(session: string): void {
    const tracked = this.sessions.get(session)
    if (tracked !== undefined) tracked.closing = true
  }

  stop(): void {
    this.stopped = true
    this.timer?.cancel()
    this.timer = undefined
  }

  digest(d: Digest): void {
    d.word(this.sessions.size)
    for (const [session, { timeoutMs, owner, bucketMs, closing }] of this.sessions) {
      d.string(session)
        .int(timeoutMs)
        .int(owner ?? 0)
        .int(bucketMs)
        .boolean(closing)
    }
  }

  private nowMs(): number {
    return Math.floor(this.host.now() / MILLISECOND)
  }

  private bucketOf(timeMs: number): number {
    return (Math.floor(timeMs / this.tickTimeMs) + 1) * this.tickTimeMs
  }

  /** While there are sessions, a timer waits for the end of the present tick. */
  private arm(): void {
    if (this.timer !== undefined || this.stopped || this.sessions.size === 0) return
    const delayUs = fromMs(this.bucketOf(this.nowMs())) - this.host.now()
    this.timer = this.host.setTimer(delayUs, 'zk-session-expiry', () => {
      this.timer = undefined
      this.expireDue()
      this.arm()
    })
  }

  private expireDue(): void {
    const nowMs = this.nowMs()
    const due = [...this.buckets.keys()].filter((bucketMs) => bucketMs <= nowMs).sort((a, b) => a - b)
    for (const bucketMs of due) {
      const sessions = this.buckets.get(bucketMs)!
      this.buckets.delete(bucketMs)
      for (const session of sessions) {
        this.setClosing(session)
        this.expire(session)
      }
    }
  }
}
