/**
 * Reads and writes of ZooKeeper as steps of a task: what `core/src/main/scala/kafka/utils/ZkUtils.scala` of release
 * 0.8.2.2 does on top of ZkClient. All of them wait, as Kafka's blocking calls do, until the client is connected again,
 * so an answer is always the ensemble's; an error that the caller does not expect is a `Refusal`.
 */
import { type Task, until } from '../host/index.ts'
import type { CreateMode, ZkClient, ZkResult, ZkStat } from '../zookeeper/index.ts'
import type { WriteError, WriteResult, ZkWriter } from './fenced-writes.ts'
import { Refusal } from './refusal.ts'

export interface ZkNode {
  readonly data: string
  readonly version: number
  /** zxid of the transaction that created it. */
  readonly czxid: number
}

const refuse = (operation: string, path: string, error: WriteError): never => {
  const moved = error === 'ControllerMoved'
  throw new Refusal(moved ? 'controller-moved' : 'state-change-failed', `${operation} ${path}: ${error}`)
}

/** Content and version, or undefined if there is no such node (`readDataMaybeNull`). */
export function* readNode(zk: ZkClient, path: string): Task<ZkNode | undefined> {
  const result = yield* until<ZkResult<{ data: string; stat: ZkStat }>>((resume) => zk.getData(path, resume))
  if (result.error === 'NoNode') return undefined
  if (result.error !== 'OK') return refuse('read', path, result.error)
  const { data, stat } = result.value!
  return { data, version: stat.version, czxid: stat.czxid }
}

/** Names in code unit order; none if there is no such node (`getChildrenParentMayNotExist`). */
export function* readChildren(zk: ZkClient, path: string): Task<string[]> {
  const result = yield* until<ZkResult<readonly string[]>>((resume) => zk.getChildren(path, resume))
  if (result.error === 'NoNode') return []
  if (result.error !== 'OK') return refuse('list', path, result.error)
  return [...result.value!].sort()
}

const create = (zk: ZkWriter, path: string, data: string, mode: CreateMode): Task<WriteResult<string>> =>
  until<WriteResult<string>>((resume) => zk.create(path, data, mode, resume))

/**
 * Creates a persistent node, with its parents if need be (`createPersistentPath`).
 * `NodeExists` may be the work of one's own request, sent again after the connection was lost; Kafka cannot tell.
 */
export function* createPersistent(zk: ZkWriter, path: string, data: string): Task<'OK' | 'NodeExists'> {
  let result = yield* create(zk, path, data, 'persistent')
  if (result.error === 'NoNode') {
    const parent = path.slice(0, path.lastIndexOf('/'))
    const made = yield* until<WriteResult<string>>((resume) => zk.createRecursive(parent, resume))
    if (made.error === 'ControllerMoved') return refuse('create', parent, made.error)
    result = yield* create(zk, path, data, 'persistent')
  }
  if (result.error === 'OK' || result.error === 'NodeExists') return result.error
  return refuse('create', path, result.error)
}

/** Sets a persistent node whatever its version, and creates it if it is missing (`updatePersistentPath`). */
export function* updatePersistent(zk: ZkWriter, path: string, data: string): Task<void> {
  const first = yield* setData(zk, path, data, -1)
  if (first.error === 'OK') return
  if (first.error !== 'NoNode') return refuse('update', path, first.error)
  if ((yield* createPersistent(zk, path, data)) === 'OK') return
  const second = yield* setData(zk, path, data, -1)
  if (second.error !== 'OK') refuse('update', path, second.error)
}

/** Sets a node if it has this version (-1: any). Refuses if the controller was replaced. */
export function* setData(zk: ZkWriter, path: string, data: string, version: number): Task<ZkResult<ZkStat>> {
  const { error, value } = yield* until<WriteResult<ZkStat>>((resume) => zk.setData(path, data, version, resume))
  if (error === 'ControllerMoved') return refuse('set', path, error)
  return value === undefined ? { error } : { error, value }
}

/** Deletes a node whatever its version; that it is gone already is fine (`deletePath`). */
export function* deleteNode(zk: ZkWriter, path: string): Task<void> {
  const result = yield* until<WriteResult<unknown>>((resume) => zk.delete(path, -1, resume))
  if (result.error !== 'OK' && result.error !== 'NoNode') refuse('delete', path, result.error)
}

/**
 * Deletes a node with all that is below it (`ZkClient.deleteRecursive`); that it is gone already is fine. Refuses if
 * somebody adds a child meanwhile.
 */
export function* deleteRecursively(zk: ZkClient, writer: ZkWriter, path: string): Task<void> {
  for (const child of yield* readChildren(zk, path)) yield* deleteRecursively(zk, writer, `${path}/${child}`)
  yield* deleteNode(writer, path)
}

/**
 * Creates an ephemeral node. One that holds the very same data counts as one's own, created before the connection was
 * lost (`createEphemeralPathExpectConflict`).
 */
export function* createEphemeral(zk: ZkClient, path: string, data: string): Task<'OK' | 'NodeExists'> {
  const result = yield* create(zk, path, data, 'ephemeral')
  if (result.error === 'OK') return 'OK'
  if (result.error !== 'NodeExists') return refuse('create', path, result.error)
  return (yield* readNode(zk, path))?.data === data ? 'OK' : 'NodeExists'
}
