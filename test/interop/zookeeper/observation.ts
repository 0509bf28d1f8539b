/**
 * What a client saw of a server, in one form for both servers, so that two observations are equal or not as texts. zxids
 * are counted from the transaction that created the sequence's root, and sessions go by the client that owns them.
 */
import type { WatchEventType, ZkError } from '../../../src/zookeeper/index.ts'

export interface ObservedStat {
  readonly czxid: number
  readonly mzxid: number
  readonly pzxid: number
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  /** Such as `c1#2`, the second session of c1; null for a persistent node. */
  readonly ephemeralOwner: string | null
  readonly dataLength: number
  readonly numChildren: number
}

export interface ObservedReply {
  readonly kind: 'reply'
  readonly op: string
  readonly error: ZkError
  readonly zxid: number
  readonly path?: string | undefined
  readonly data?: string | undefined
  readonly stat?: ObservedStat | undefined
  /** Sorted: ZooKeeper promises no order. */
  readonly children?: readonly string[] | undefined
  readonly results?: readonly ObservedPart[] | undefined
}

export interface ObservedPart {
  readonly error: ZkError
  readonly path?: string | undefined
  readonly stat?: ObservedStat | undefined
}

export interface ObservedEvent {
  readonly kind: 'event'
  readonly type: WatchEventType
  readonly path: string
  /** The client library passed it on to the application. */
  readonly told: boolean
}

/** A session was granted, or the one that was asked for is gone. */
export interface ObservedSession {
  readonly kind: 'session'
  readonly granted: boolean
}

export type Observed = ObservedReply | ObservedEvent | ObservedSession

/** Everything that arrived at each client during a step, in order. */
export type StepObservation = ReadonlyMap<string, readonly Observed[]>

/** Such as `getData OK 'x' {c1 m2 p1 v1 cv0 av0 len1 kids0} @3`. */
export function describeObserved(observed: Observed): string {
  if (observed.kind === 'session') return observed.granted ? 'session granted' : 'session is gone'
  if (observed.kind === 'event') {
    return `  event ${observed.type} ${observed.path}${observed.told ? '' : ' (nobody waits for it)'}`
  }
  const { op, error, zxid, path, data, stat, children, results } = observed
  const words = [op, error]
  if (path !== undefined) words.push(path)
  if (data !== undefined) words.push(`'${data}'`)
  if (children !== undefined) words.push(`[${children.join(' ')}]`)
  if (stat !== undefined) words.push(describeStat(stat))
  if (results !== undefined) words.push(`[${results.map(describePart).join('; ')}]`)
  return `${words.join(' ')} @${zxid}`
}

function describePart({ error, path, stat }: ObservedPart): string {
  return [error, path, stat === undefined ? undefined : describeStat(stat)]
    .filter((word) => word !== undefined)
    .join(' ')
}

function describeStat(stat: ObservedStat): string {
  const owner = stat.ephemeralOwner === null ? '' : ` of ${stat.ephemeralOwner}`
  const zxids = `c${stat.czxid} m${stat.mzxid} p${stat.pzxid}`
  const versions = `v${stat.version} cv${stat.cversion} av${stat.aversion}`
  return `{${zxids} ${versions} len${stat.dataLength} kids${stat.numChildren}${owner}}`
}
