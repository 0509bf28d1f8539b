/** Reads, answered from a server's own tree, and the watches that they leave (FinalRequestProcessor, DataTree.setWatches). */
import { unreachable } from '../../host/index.ts'
import type { ZkError } from '../errors.ts'
import type { OperationResult, ReadOperation } from '../operation.ts'
import type { DataTree } from '../tree/data-tree.ts'
import type { WatchEventType } from './watch-table.ts'

export interface WatchSink {
  watchData(path: string): void
  watchChildren(path: string): void
  /** A watch that a client re-registers would have fired while it was away. */
  missed(type: WatchEventType, path: string): void
}

const NO_NODE = { error: 'NoNode', result: {} } as const

export function readTree(
  tree: DataTree,
  operation: ReadOperation,
  watches: WatchSink,
): { readonly error: ZkError; readonly result: OperationResult } {
  switch (operation.op) {
    case 'getData': {
      const node = tree.node(operation.path)
      if (node === undefined) return NO_NODE
      if (operation.watch) watches.watchData(operation.path)
      return { error: 'OK', result: { data: node.data, stat: tree.stat(operation.path)! } }
    }
    case 'exists': {
      if (operation.watch) watches.watchData(operation.path)
      const stat = tree.stat(operation.path)
      return stat === undefined ? NO_NODE : { error: 'OK', result: { stat } }
    }
    case 'getChildren': {
      const children = tree.children(operation.path)
      if (children === undefined) return NO_NODE
      if (operation.watch) watches.watchChildren(operation.path)
      return { error: 'OK', result: { children, stat: tree.stat(operation.path)! } }
    }
    case 'setWatches':
      setWatches(tree, operation, watches)
      return { error: 'OK', result: {} }
    default:
      return unreachable(operation)
  }
}

function setWatches(
  tree: DataTree,
  { relativeZxid, data, exist, child }: Extract<ReadOperation, { op: 'setWatches' }>,
  watches: WatchSink,
): void {
  for (const path of data) {
    const node = tree.node(path)
    if (node === undefined) watches.missed('NodeDeleted', path)
    else if (node.mzxid > relativeZxid) watches.missed('NodeDataChanged', path)
    else watches.watchData(path)
  }
  for (const path of exist) {
    if (tree.node(path) !== undefined) watches.missed('NodeCreated', path)
    else watches.watchData(path)
  }
  for (const path of child) {
    const node = tree.node(path)
    if (node === undefined) watches.missed('NodeDeleted', path)
    else if (node.pzxid > relativeZxid) watches.missed('NodeChildrenChanged', path)
    else watches.watchChildren(path)
  }
}
