/**
 * The watches that a client of the real server has set and not seen fire, by the rules of ZooKeeper's own client library:
 * a watch stands from its answer on, an event consumes it, what is left is registered again after a reconnect. Written
 * apart from src/zookeeper/client, which is compared with it.
 */
import type { ZkError } from '../../../../src/zookeeper/index.ts'
import type { WireEvent, WireRequest } from './wire-protocol.ts'

type Kind = 'data' | 'exist' | 'child'

/** Which watches an event consumes. */
const CONSUMES: Readonly<Record<WireEvent['type'], readonly Kind[]>> = {
  NodeCreated: ['data', 'exist'],
  NodeDataChanged: ['data', 'exist'],
  NodeDeleted: ['data', 'exist', 'child'],
  NodeChildrenChanged: ['child'],
}

export class WatchBook {
  private readonly paths: Readonly<Record<Kind, Set<string>>> = {
    data: new Set(),
    exist: new Set(),
    child: new Set(),
  }

  answered(request: WireRequest, error: ZkError): void {
    if (!('watch' in request) || !request.watch) return
    const kind = kindOf(request.op, error)
    if (kind !== undefined) this.paths[kind].add(request.path)
  }

  /** False if no watch waited for this event. */
  fired({ type, path }: WireEvent): boolean {
    const consumed = CONSUMES[type].filter((kind) => this.paths[kind].delete(path))
    return consumed.length > 0
  }

  /** The request that registers what is left; undefined if nothing is. */
  request(relativeZxid: bigint): WireRequest | undefined {
    const [data, exist, child] = [[...this.paths.data], [...this.paths.exist], [...this.paths.child]]
    if (data.length + exist.length + child.length === 0) return undefined
    return { op: 'setWatches', relativeZxid, data, exist, child }
  }
}

/** A refused getData or getChildren sets no watch; exists waits for a node that is not there. */
function kindOf(op: 'getData' | 'exists' | 'getChildren', error: ZkError): Kind | undefined {
  if (error === 'OK') return op === 'getChildren' ? 'child' : 'data'
  return op === 'exists' && error === 'NoNode' ? 'exist' : undefined
}
