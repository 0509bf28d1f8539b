/** `createEphemeralPathExpectConflict` of `kafka/utils/ZkUtils.scala`, release 0.8.2.2. */
import { type Task, until } from '../../host/index.ts'
import type { ZkClient, ZkResult } from '../../zookeeper/index.ts'

/**
 * Creates an ephemeral node and, where they are missing, its parents. Undefined if it stands; else what is in the node
 * that was there before (empty if that went away meanwhile). The same content is taken for its own, from an attempt whose
 * answer was lost.
 */
export function* createEphemeral(zk: ZkClient, path: string, data: string): Task<string | undefined> {
  const create = () => until<ZkResult<string>>((resume) => zk.create(path, data, 'ephemeral', resume))
  let { error } = yield* create()
  if (error === 'NoNode') {
    const parent = path.slice(0, path.lastIndexOf('/'))
    yield* until<ZkResult<string>>((resume) => zk.createRecursive(parent, resume))
    ;({ error } = yield* create())
  }
  if (error === 'OK') return undefined
  const found = yield* until<ZkResult<{ data: string }>>((resume) => zk.getData(path, resume))
  const stored = found.value?.data ?? ''
  return stored === data ? undefined : stored
}
