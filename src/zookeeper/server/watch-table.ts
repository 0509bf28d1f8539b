/**
 * One-shot watches of a server's clients (org.apache.zookeeper.server.WatchManager, twice): a table for data, shared by
 * `exists` and `getData`, and one for children. A watcher is a connection; setting the same watch twice fires once.
 * formats.md 8.3 has the table of which change fires what.
 */
import type { Digest } from '../../host/index.ts'
import type { TreeListener } from '../tree/data-tree.ts'

export type WatchEventType = 'NodeCreated' | 'NodeDeleted' | 'NodeDataChanged' | 'NodeChildrenChanged'

type Table<W> = Map<string, Set<W>>

export class WatchTable<W> implements TreeListener {
  private readonly dataWatches: Table<W> = new Map()
  private readonly childWatches: Table<W> = new Map()
  private readonly deliver: (watcher: W, type: WatchEventType, path: string) => void

  constructor(deliver: (watcher: W, type: WatchEventType, path: string) => void) {
    this.deliver = deliver
  }

  watchData(path: string, watcher: W): void {
    add(this.dataWatches, path, watcher)
  }

  watchChildren(path: string, watcher: W): void {
    add(this.childWatches, path, watcher)
  }

  /** Forgets every watch of a closed connection. */
  removeWatcher(watcher: W): void {
    for (const table of [this.dataWatches, this.childWatches]) {
      for (const [path, watchers] of table) {
        if (watchers.delete(watcher) && watchers.size === 0) table.delete(path)
      }
    }
  }

  clear(): void {
    this.dataWatches.clear()
    this.childWatches.clear()
  }

  nodeCreated(path: string): void {
    for (const watcher of take(this.dataWatches, path)) this.deliver(watcher, 'NodeCreated', path)
  }

  nodeDataChanged(path: string): void {
    for (const watcher of take(this.dataWatches, path)) this.deliver(watcher, 'NodeDataChanged', path)
  }

  nodeDeleted(path: string): void {
    // A watcher in both tables is told once.
    const told = take(this.dataWatches, path)
    for (const watcher of told) this.deliver(watcher, 'NodeDeleted', path)
    for (const watcher of take(this.childWatches, path)) {
      if (!told.has(watcher)) this.deliver(watcher, 'NodeDeleted', path)
    }
  }

  childrenChanged(path: string): void {
    for (const watcher of take(this.childWatches, path)) this.deliver(watcher, 'NodeChildrenChanged', path)
  }

  /** Feeds the tables; `name` gives a watcher a stable name. */
  digest(d: Digest, name: (watcher: W) => string): void {
    for (const table of [this.dataWatches, this.childWatches]) {
      d.word(table.size)
      for (const [path, watchers] of table) {
        d.string(path)
        for (const watcher of watchers) d.string(name(watcher))
      }
    }
  }
}

function add<W>(table: Table<W>, path: string, watcher: W): void {
  const watchers = table.get(path)
  if (watchers === undefined) table.set(path, new Set([watcher]))
  else watchers.add(watcher)
}

function take<W>(table: Table<W>, path: string): ReadonlySet<W> {
  const watchers = table.get(path)
  if (watchers === undefined) return new Set()
  table.delete(path)
  return watchers
}
