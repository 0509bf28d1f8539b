/**
 * The watches that a client has set and not yet seen fire (org.apache.zookeeper.ZooKeeper.ZKWatchManager), to be
 * registered again with the next server it connects to.
 */
import type { Digest } from '../../host/index.ts'
import type { ZkError } from '../errors.ts'
import type { ClientOperation, ReadOperation } from '../operation.ts'
import type { WatchEventType } from '../server/watch-table.ts'
import type { Zxid } from '../zxid.ts'

export class WatchRegistry {
  private readonly data = new Set<string>()
  /** Of nodes that did not exist. */
  private readonly exist = new Set<string>()
  private readonly child = new Set<string>()

  /** The server answered: if the operation asked for a watch, it stands now. */
  answered(operation: ClientOperation, error: ZkError): void {
    if (!('watch' in operation) || !operation.watch) return
    if (operation.op === 'getChildren') {
      if (error === 'OK') this.child.add(operation.path)
    } else if (error === 'OK') this.data.add(operation.path)
    else if (error === 'NoNode' && operation.op === 'exists') this.exist.add(operation.path)
  }

  /** Consumes the watches that an event answers to; false if there are none. */
  fired(type: WatchEventType, path: string): boolean {
    switch (type) {
      case 'NodeCreated':
      case 'NodeDataChanged':
        return takeAny(path, this.data, this.exist)
      case 'NodeChildrenChanged':
        return takeAny(path, this.child)
      case 'NodeDeleted':
        return takeAny(path, this.data, this.exist, this.child)
    }
  }

  /** What to tell a new server, or undefined if there is nothing. */
  request(relativeZxid: Zxid): ReadOperation | undefined {
    if (this.data.size + this.exist.size + this.child.size === 0) return undefined
    return { op: 'setWatches', relativeZxid, data: [...this.data], exist: [...this.exist], child: [...this.child] }
  }

  digest(d: Digest): void {
    for (const set of [this.data, this.exist, this.child]) {
      d.word(set.size)
      for (const path of set) d.string(path)
    }
  }
}

function takeAny(path: string, ...sets: ReadonlyArray<Set<string>>): boolean {
  let taken = false
  for (const set of sets) if (set.delete(path)) taken = true
  return taken
}
