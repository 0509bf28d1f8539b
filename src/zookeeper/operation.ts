/**
 * What a client can ask of a server. Writes and session operations go through the leader; reads are answered by the
 * server that the client is connected to, from its own tree.
 */

import type { ZkError } from './errors.ts'
import type { CreateMode, ZkStat } from './tree/znode.ts'
import type { Zxid } from './zxid.ts'

export type MultiPart =
  | { readonly op: 'create'; readonly path: string; readonly data: string; readonly mode: CreateMode }
  /** `version` -1 matches any. */
  | { readonly op: 'delete'; readonly path: string; readonly version: number }
  | { readonly op: 'setData'; readonly path: string; readonly data: string; readonly version: number }
  | { readonly op: 'check'; readonly path: string; readonly version: number }

export type WriteOperation =
  | MultiPart
  | { readonly op: 'multi'; readonly parts: readonly MultiPart[] }
  | { readonly op: 'createSession'; readonly timeoutMs: number; readonly client: string }
  | { readonly op: 'closeSession' }

export type ReadOperation =
  | { readonly op: 'getData'; readonly path: string; readonly watch: boolean }
  | { readonly op: 'exists'; readonly path: string; readonly watch: boolean }
  | { readonly op: 'getChildren'; readonly path: string; readonly watch: boolean }
  /** After a reconnect: the client's watches, and the last zxid that it saw. */
  | {
      readonly op: 'setWatches'
      readonly relativeZxid: Zxid
      readonly data: readonly string[]
      readonly exist: readonly string[]
      readonly child: readonly string[]
    }

/** Waits until the server that the client is on has caught up with the leader. */
export interface SyncOperation {
  readonly op: 'sync'
  readonly path: string
}

export type ClientOperation = WriteOperation | ReadOperation | SyncOperation

/** What an operation returns; which fields there are depends on it. */
export interface OperationResult {
  readonly path?: string
  readonly data?: string
  readonly stat?: ZkStat
  readonly children?: readonly string[]
  readonly results?: readonly MultiResult[]
}

/** One operation of a multi. After a refusal the operations before it say `OK`, those after it `RuntimeInconsistency`. */
export interface MultiResult {
  readonly error: ZkError
  readonly path?: string
  readonly stat?: ZkStat
}

export const isRead = (operation: ClientOperation): operation is ReadOperation =>
  operation.op === 'getData' ||
  operation.op === 'exists' ||
  operation.op === 'getChildren' ||
  operation.op === 'setWatches'
