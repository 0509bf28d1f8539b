/**
 * What a server knows: the transactions it has logged, the tree of those it has applied, and their files
 * (org.apache.zookeeper.server.ZKDatabase). Logging and applying are apart: a transaction is logged when proposed and
 * applied when committed, so the tail `history[appliedCount ..]` is logged and not yet known to be committed. A restart
 * makes everything after the last snapshot such a tail; the next leader decides what becomes of it.
 */
import { type Digest, type FileSystem, invariant } from '../../host/index.ts'
import type { ZnodeChange } from '../events.ts'
import { DataTree, type TreeListener, type TxnResult } from '../tree/data-tree.ts'
import { firstAfter, type Txn } from '../tree/txn.ts'
import type { Zxid } from '../zxid.ts'
import { CorruptStorageError } from './corrupt-storage-error.ts'
import { EpochStore } from './epoch-store.ts'
import { DATA_DIRECTORY, listZxids, snapshotPath } from './file-names.ts'
import { decodeSnapshot, encodeSnapshot, readSnapshot, writeSnapshot } from './snapshot.ts'
import { TxnLog } from './txn-log.ts'

export interface DatabaseOptions {
  /** Transactions from one snapshot to the next. */
  readonly snapshotEvery: number
  readonly listener?: TreeListener
  /** A snapshot is useless, and is removed: an older state and the log make up for it. */
  readonly snapshotDamaged?: (zxid: Zxid) => void
}

/** Snapshots kept (autopurge.snapRetainCount), and the log from the oldest of them on. */
const SNAPSHOTS_KEPT = 3

export class Database {
  readonly epochs: EpochStore
  tree: DataTree
  /** Logged transactions after `historyBase`, rising. */
  readonly history: Txn[] = []
  /** State through this zxid is in a snapshot, or empty: the log cannot be cut below it. */
  historyBase: Zxid = 0
  private applied = 0
  private appliedSinceSnapshot = 0
  private snapshotBytes = 0
  private readonly files: FileSystem
  private readonly log: TxnLog
  private readonly options: DatabaseOptions

  constructor(files: FileSystem, options: DatabaseOptions) {
    this.files = files
    this.options = options
    this.epochs = new EpochStore(files)
    this.log = new TxnLog(files)
    this.tree = new DataTree(options.listener)
  }

  /**
   * Opens the files; the tree is that of the last sound snapshot.
   * @throws CorruptStorageError if what was acknowledged cannot be told from the files; FileError
   */
  open(): { readonly lastZxid: Zxid; readonly truncatedBytes: number } {
    this.files.makeDirectory(DATA_DIRECTORY)
    this.epochs.open()
    const { txns, truncatedBytes } = this.log.open()
    this.historyBase = this.baseOnDisk()
    for (const txn of txns) if (txn.zxid > this.historyBase) this.history.push(txn)
    const snapshots = listZxids(this.files, 'snapshot')
    const newest = snapshots.at(-1)
    if (newest !== undefined && newest > this.lastLogged) {
      if (readSnapshot(this.files, newest) === undefined) {
        throw new CorruptStorageError(snapshotPath(newest), 'damaged, and the log ends before it')
      }
      this.dropLogBefore(newest)
    }
    this.loadTree()
    return { lastZxid: this.lastLogged, truncatedBytes }
  }

  /** The last transaction in the log, or in the snapshot if nothing follows it. */
  get lastLogged(): Zxid {
    return this.history.at(-1)?.zxid ?? this.historyBase
  }

  get lastApplied(): Zxid {
    return this.tree.lastZxid
  }

  /** How many of `history` are in the tree. */
  get appliedCount(): number {
    return this.applied
  }

  /** Size of the last snapshot in bytes; 0 if there is none. */
  get lastSnapshotBytes(): number {
    return this.snapshotBytes
  }

  get isFlushed(): boolean {
    return this.log.isSynced
  }

  /** Logs a proposal; durable only after `flush`. */
  append(txn: Txn): void {
    invariant(txn.zxid > this.lastLogged, () => `transaction ${txn.zxid} is logged after ${this.lastLogged}`)
    this.log.append(txn, this.lastLogged)
    this.history.push(txn)
  }

  flush(): void {
    this.log.sync()
  }

  /** The first transaction that is logged and not applied. */
  get nextToApply(): Txn | undefined {
    return this.history[this.applied]
  }

  applyNext(changes?: ZnodeChange[]): TxnResult {
    const txn = this.nextToApply
    invariant(txn !== undefined, 'a transaction is committed that is not in the log')
    this.applied += 1
    this.appliedSinceSnapshot += 1
    return this.tree.apply(txn, changes)
  }

  /** Takes a snapshot if it is time. Call it only while everything applied is known to be committed. */
  snapshotIfDue(): void {
    if (this.appliedSinceSnapshot < this.options.snapshotEvery) return
    const bytes = encodeSnapshot(this.tree)
    this.log.roll()
    writeSnapshot(this.files, this.lastApplied, bytes)
    this.snapshotBytes = bytes.length
    this.appliedSinceSnapshot = 0
    const snapshots = listZxids(this.files, 'snapshot')
    if (snapshots.length < SNAPSHOTS_KEPT) return
    const oldest = snapshots.at(-SNAPSHOTS_KEPT)!
    this.removeSnapshots((zxid) => zxid < oldest)
    this.log.purgeThrough(oldest)
    const dropped = firstAfter(this.history, oldest)
    this.history.splice(0, dropped)
    this.applied -= dropped
    this.historyBase = oldest
  }

  /**
   * Cuts the log after `zxid`; if the tree has seen more, it is built anew from a snapshot. Returns false, having done
   * nothing, if the log does not hold `zxid`: then only a snapshot of the leader helps.
   */
  truncateAfter(zxid: Zxid): boolean {
    const kept = firstAfter(this.history, zxid)
    const last = kept === 0 ? this.historyBase : this.history[kept - 1]!.zxid
    if (last !== zxid) return false
    // Snapshots first: with the log still whole, a crash in between changes nothing.
    this.removeSnapshots((taken) => taken > zxid)
    this.log.truncateAfter(zxid)
    this.history.length = kept
    if (this.lastApplied > zxid) this.loadTree()
    return true
  }

  /** Replaces everything by a leader's snapshot. Returns false if its bytes are damaged. */
  install(bytes: Uint8Array): boolean {
    const tree = decodeSnapshot(bytes, this.options.listener)
    if (tree === undefined) return false
    writeSnapshot(this.files, tree.lastZxid, bytes)
    this.dropLogBefore(tree.lastZxid)
    this.tree = tree
    this.applied = 0
    this.appliedSinceSnapshot = 0
    this.snapshotBytes = bytes.length
    return true
  }

  digest(d: Digest): void {
    d.int(this.epochs.acceptedEpoch).int(this.epochs.currentEpoch)
    d.int(this.historyBase).int(this.history.length).int(this.lastLogged).int(this.applied)
    d.boolean(this.isFlushed).int(this.appliedSinceSnapshot)
    this.tree.digest(d)
  }

  /** The state from which the log on disk is complete: empty, or that of the oldest snapshot that the log continues. */
  private baseOnDisk(): Zxid {
    const snapshots = listZxids(this.files, 'snapshot')
    const firstLog = listZxids(this.files, 'log')[0]
    if (firstLog === 0) return 0
    const base = firstLog === undefined ? (snapshots.at(-1) ?? 0) : snapshots.find((zxid) => zxid >= firstLog)
    if (base === undefined) throw new CorruptStorageError(DATA_DIRECTORY, 'no snapshot goes before the transaction log')
    this.removeSnapshots((zxid) => zxid < base)
    return base
  }

  /**
   * Keeps the snapshot of `zxid` alone: a leader's snapshot replaced the log, or the log's end was lost after the
   * snapshot was taken. The log goes first: without it the highest snapshot counts, which loses nothing committed.
   */
  private dropLogBefore(zxid: Zxid): void {
    this.log.truncateAfter(-1)
    this.removeSnapshots((taken) => taken !== zxid)
    this.history.length = 0
    this.historyBase = zxid
  }

  private removeSnapshots(which: (zxid: Zxid) => boolean): void {
    let removed = false
    for (const zxid of listZxids(this.files, 'snapshot')) {
      if (!which(zxid)) continue
      this.files.removeFile(snapshotPath(zxid))
      removed = true
    }
    if (removed) this.files.syncDirectory(DATA_DIRECTORY)
  }

  /** Loads the newest sound snapshot; damaged ones are removed as long as an older one and the log replace them. */
  private loadTree(): void {
    for (const zxid of listZxids(this.files, 'snapshot').reverse()) {
      const tree = readSnapshot(this.files, zxid, this.options.listener)
      if (tree !== undefined) {
        this.snapshotBytes = this.files.status(snapshotPath(zxid))!.size
        this.useTree(tree)
        return
      }
      if (zxid === this.historyBase) {
        throw new CorruptStorageError(snapshotPath(zxid), 'damaged, and nothing older makes up for it')
      }
      this.options.snapshotDamaged?.(zxid)
      this.removeSnapshots((taken) => taken === zxid)
    }
    this.snapshotBytes = 0
    this.useTree(new DataTree(this.options.listener))
  }

  private useTree(tree: DataTree): void {
    this.tree = tree
    this.applied = firstAfter(this.history, tree.lastZxid)
    this.appliedSinceSnapshot = 0
  }
}
