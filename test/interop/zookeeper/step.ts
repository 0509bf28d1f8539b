/**
 * One step of a sequence that is run on the real ZooKeeper and on ours: who does what. Paths are told relative to the
 * sequence's own root, or by the number of a node that got its name from the server.
 */
import type { CreateMode, MultiPart } from '../../../src/zookeeper/index.ts'

export const CLIENTS = ['c1', 'c2', 'c3'] as const
export type ClientName = (typeof CLIENTS)[number]

export type PathChoice =
  /** `''` is the root of the sequence itself. */
  | { readonly below: string }
  /** Outside of the root, or no path at all. */
  | { readonly literal: string }
  /** The n-th sequential node created so far, counted round and round. */
  | { readonly sequential: number }

export type PartStep =
  | { readonly op: 'create'; readonly path: PathChoice; readonly data: string; readonly mode: CreateMode }
  | { readonly op: 'delete'; readonly path: PathChoice; readonly version: number }
  | { readonly op: 'setData'; readonly path: PathChoice; readonly data: string; readonly version: number }
  | { readonly op: 'check'; readonly path: PathChoice; readonly version: number }

export type ReadStep = {
  readonly op: 'getData' | 'exists' | 'getChildren'
  readonly path: PathChoice
  readonly watch: boolean
}

/**
 * What happens to the connection or the session as a whole:
 * `drop` the connection breaks, the session lives; `reconnect` the client comes back with its session, which may be gone;
 * `expire` the client is gone until its session has expired; `close` the session ends in order.
 */
export type SessionStep = { readonly op: 'drop' | 'reconnect' | 'expire' | 'close' }

export type Action =
  | Exclude<PartStep, { op: 'check' }>
  | ReadStep
  | { readonly op: 'sync'; readonly path: PathChoice }
  | { readonly op: 'multi'; readonly parts: readonly PartStep[] }
  | SessionStep

export interface Step {
  readonly client: ClientName
  readonly action: Action
}

/** A request with its paths worked out. */
export type Request =
  | Exclude<MultiPart, { op: 'check' }>
  | { readonly op: 'getData' | 'exists' | 'getChildren'; readonly path: string; readonly watch: boolean }
  | { readonly op: 'sync'; readonly path: string }
  | { readonly op: 'multi'; readonly parts: readonly MultiPart[] }

export type SessionOperation = 'connect' | 'drop' | 'reconnect' | 'expire' | 'close'

export const isSessionStep = (action: Action): action is SessionStep =>
  action.op === 'drop' || action.op === 'reconnect' || action.op === 'expire' || action.op === 'close'

/** Works out the paths of an action. */
export function toRequest(action: Exclude<Action, SessionStep>, resolve: (path: PathChoice) => string): Request {
  if (action.op === 'multi') {
    return { op: 'multi', parts: action.parts.map((part) => ({ ...part, path: resolve(part.path) })) }
  }
  return { ...action, path: resolve(action.path) }
}

/** Such as `setData /s1/a 'x' v0`. */
export function describeRequest(request: Request | MultiPart): string {
  switch (request.op) {
    case 'create':
      return `create ${request.path} '${request.data}' ${request.mode}`
    case 'setData':
      return `setData ${request.path} '${request.data}' v${request.version}`
    case 'delete':
    case 'check':
      return `${request.op} ${request.path} v${request.version}`
    case 'multi':
      return `multi [${request.parts.map(describeRequest).join('; ')}]`
    case 'sync':
      return `sync ${request.path}`
    default:
      return `${request.op} ${request.path}${request.watch ? ' watch' : ''}`
  }
}
