/**
 * The transaction log: files `log.Z` of framed transactions (entry.ts) in zxid order, each file begun where the one
 * before it was rolled (org.apache.zookeeper.server.persistence.FileTxnLog, in a format of our own: no file header and
 * no preallocation). What a crash left unfinished at the end of the last file is cut off when the log is opened: it was
 * never acknowledged. Any other damage is refused, as ZooKeeper refuses a wrong CRC.
 */
import { type FileHandle, type FileSystem, readFile } from '../../host/index.ts'
import type { Txn } from '../tree/txn.ts'
import type { Zxid } from '../zxid.ts'
import { CorruptStorageError } from './corrupt-storage-error.ts'
import { decodeEntry, encodeEntry } from './entry.ts'
import { DATA_DIRECTORY, listZxids, logPath } from './file-names.ts'

export class TxnLog {
  private readonly files: FileSystem
  private current: FileHandle | undefined
  private writtenBytes = 0
  private unsynced = false

  constructor(files: FileSystem) {
    this.files = files
  }

  /**
   * Reads all transactions, cuts a torn tail, and makes what was read durable: after a crash of the process alone, it
   * may stand in the page cache only.
   * @throws CorruptStorageError if something is wrong that a crash cannot have done; FileError
   */
  open(): { readonly txns: Txn[]; readonly truncatedBytes: number } {
    const txns: Txn[] = []
    let truncatedBytes = 0
    const bases = listZxids(this.files, 'log')
    for (const [index, base] of bases.entries()) {
      const path = logPath(base)
      const { soundBytes, totalBytes } = this.scan(path, (txn) => txns.push(txn))
      if (index < bases.length - 1) {
        if (soundBytes < totalBytes) throw new CorruptStorageError(path, `ends within a transaction at ${soundBytes}`)
        continue
      }
      const handle = this.files.open(path, { create: false })
      if (soundBytes < totalBytes) handle.truncate(soundBytes)
      handle.sync()
      this.current = handle
      this.writtenBytes = soundBytes
      truncatedBytes = totalBytes - soundBytes
    }
    return { txns, truncatedBytes }
  }

  get isSynced(): boolean {
    return !this.unsynced
  }

  /** Writes to the page cache. `after` is the transaction before it, which names a new file. */
  append(txn: Txn, after: Zxid): void {
    if (this.current === undefined) {
      this.current = this.files.open(logPath(after), { create: true })
      this.current.truncate(0)
      this.writtenBytes = 0
    }
    const bytes = encodeEntry(txn)
    this.current.write(this.writtenBytes, bytes)
    this.writtenBytes += bytes.length
    this.unsynced = true
  }

  /** Everything appended survives a power loss from now on. */
  sync(): void {
    if (!this.unsynced) return
    this.current?.sync()
    this.unsynced = false
  }

  /** The next append begins a new file. */
  roll(): void {
    this.sync()
    this.current?.close()
    this.current = undefined
  }

  /**
   * Removes all transactions after `zxid`, for good. Files go from the last to the first, so that a crash in between
   * leaves a shorter log without holes.
   */
  truncateAfter(zxid: Zxid): void {
    this.roll()
    for (const base of listZxids(this.files, 'log').reverse()) {
      if (base >= zxid) {
        this.files.removeFile(logPath(base))
        this.files.syncDirectory(DATA_DIRECTORY)
        continue
      }
      let keptBytes = 0
      this.scan(logPath(base), (txn, end) => {
        if (txn.zxid <= zxid) keptBytes = end
      })
      const handle = this.files.open(logPath(base), { create: false })
      handle.truncate(keptBytes)
      handle.sync()
      this.current = handle
      this.writtenBytes = keptBytes
      return
    }
  }

  /** Removes files that hold nothing after `zxid`. */
  purgeThrough(zxid: Zxid): void {
    const bases = listZxids(this.files, 'log')
    while (bases.length > 1 && bases[1]! <= zxid) this.files.removeFile(logPath(bases.shift()!))
    this.files.syncDirectory(DATA_DIRECTORY)
  }

  /** @throws CorruptStorageError if a transaction is wrong that was once written whole */
  private scan(path: string, each: (txn: Txn, end: number) => void): { soundBytes: number; totalBytes: number } {
    const bytes = readFile(this.files, path)
    let position = 0
    let last: Zxid = -1
    for (;;) {
      const entry = decodeEntry(bytes, position)
      if (entry === 'torn') return { soundBytes: position, totalBytes: bytes.length }
      if (entry === 'damaged') throw new CorruptStorageError(path, `damaged at ${position}`)
      const txn = entry.value as Txn
      if (txn.zxid <= last) throw new CorruptStorageError(path, `out of order at ${position}`)
      last = txn.zxid
      position = entry.end
      each(txn, position)
    }
  }
}
