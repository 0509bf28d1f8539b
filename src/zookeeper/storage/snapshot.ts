/**
 * Snapshots: the whole state through one transaction as one framed entry (entry.ts), written aside, synced and renamed,
 * so that a file of that name is complete. The same bytes bring a far-behind follower up to date (SNAP).
 */
import type { FileSystem } from '../../host/index.ts'
import { readFile } from '../../host/index.ts'
import { DataTree, type TreeListener } from '../tree/data-tree.ts'
import type { Zxid } from '../zxid.ts'
import { decodeEntry, encodeEntry } from './entry.ts'
import { DATA_DIRECTORY, snapshotPath } from './file-names.ts'

type NodeRow = readonly [
  path: string,
  data: string,
  czxid: Zxid,
  mzxid: Zxid,
  pzxid: Zxid,
  ctimeMs: number,
  mtimeMs: number,
  version: number,
  childrenCreated: number,
  ephemeralOwner: string | null,
]

interface SnapshotContent {
  readonly zxid: Zxid
  readonly sessions: ReadonlyArray<readonly [session: string, timeoutMs: number]>
  /** Parents before their children. */
  readonly nodes: readonly NodeRow[]
}

export function encodeSnapshot(tree: DataTree): Uint8Array {
  const nodes: NodeRow[] = []
  for (const [path, n] of tree.nodes) {
    nodes.push([
      path,
      n.data,
      n.czxid,
      n.mzxid,
      n.pzxid,
      n.ctimeMs,
      n.mtimeMs,
      n.version,
      n.childrenCreated,
      n.ephemeralOwner,
    ])
  }
  const content: SnapshotContent = { zxid: tree.lastZxid, sessions: [...tree.sessions], nodes }
  return encodeEntry(content)
}

/** The tree of a snapshot, or undefined if the bytes are damaged. */
export function decodeSnapshot(bytes: Uint8Array, listener?: TreeListener): DataTree | undefined {
  const entry = decodeEntry(bytes, 0)
  if (typeof entry === 'string' || entry.end !== bytes.length) return undefined
  const content = entry.value as SnapshotContent
  const tree = new DataTree(listener)
  for (const [session, timeoutMs] of content.sessions) tree.sessions.set(session, timeoutMs)
  for (const row of content.nodes) {
    const [path, data, czxid, mzxid, pzxid, ctimeMs, mtimeMs, version, childrenCreated, ephemeralOwner] = row
    const children = new Set<string>()
    tree.restore(path, {
      data,
      czxid,
      mzxid,
      pzxid,
      ctimeMs,
      mtimeMs,
      version,
      childrenCreated,
      ephemeralOwner,
      children,
    })
  }
  tree.lastZxid = content.zxid
  return tree
}

/** Writes `snapshot.Z` so that it survives a power loss, or does not exist. */
export function writeSnapshot(files: FileSystem, zxid: Zxid, bytes: Uint8Array): void {
  const temporary = `${DATA_DIRECTORY}/snapshot.tmp`
  const handle = files.open(temporary, { create: true })
  try {
    handle.truncate(0)
    handle.write(0, bytes)
    handle.sync()
  } finally {
    handle.close()
  }
  files.rename(temporary, snapshotPath(zxid))
  files.syncDirectory(DATA_DIRECTORY)
}

export function readSnapshot(files: FileSystem, zxid: Zxid, listener?: TreeListener): DataTree | undefined {
  return decodeSnapshot(readFile(files, snapshotPath(zxid)), listener)
}
