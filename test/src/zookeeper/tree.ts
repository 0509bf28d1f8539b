/** A tree that one leader's preparer changes, without a network: what the rules of nodes are tested on. */
import type { ZkError } from '../../../src/zookeeper/errors.ts'
import type { WriteOperation } from '../../../src/zookeeper/operation.ts'
import { RequestPreparer } from '../../../src/zookeeper/quorum/request-preparer.ts'
import { WatchTable } from '../../../src/zookeeper/server/watch-table.ts'
import { DataTree, type TxnResult } from '../../../src/zookeeper/tree/data-tree.ts'
import type { Txn } from '../../../src/zookeeper/tree/txn.ts'
import type { CreateMode } from '../../../src/zookeeper/tree/znode.ts'
import { makeZxid } from '../../../src/zookeeper/zxid.ts'

export class LocalTree {
  readonly events: string[] = []
  readonly watches = new WatchTable<string>((watcher, type, path) => this.events.push(`${watcher} ${type} ${path}`))
  readonly tree = new DataTree(this.watches)
  private readonly preparer = new RequestPreparer(this.tree)
  private counter = 0
  private readonly proposed: Txn[] = []

  /** Proposes and applies. */
  run(operation: WriteOperation, session = 's1'): TxnResult {
    this.propose(operation, session)
    const results = this.applyAll()
    return results.at(-1)!
  }

  propose(operation: WriteOperation, session = 's1'): Txn {
    this.counter += 1
    const zxid = makeZxid(1, this.counter)
    const txn = {
      zxid,
      session,
      xid: 0,
      timeMs: 1000 + this.counter,
      body: this.preparer.prepare(session, operation, zxid),
    }
    this.proposed.push(txn)
    return txn
  }

  applyAll(): TxnResult[] {
    return this.proposed.splice(0).map((txn) => {
      const result = this.tree.apply(txn)
      this.preparer.applied(txn)
      return result
    })
  }

  create(path: string, mode: CreateMode = 'persistent', data = ''): TxnResult {
    return this.run({ op: 'create', path, data, mode })
  }

  delete(path: string, version = -1): ZkError {
    return this.run({ op: 'delete', path, version }).error
  }

  set(path: string, data: string, version = -1): TxnResult {
    return this.run({ op: 'setData', path, data, version })
  }
}
