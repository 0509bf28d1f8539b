/**
 * Files as a process sees them: synchronous, because a write goes to the page cache and is quick.
 * What a write, a rename or a removal means after a power loss is the disk's business: nothing is durable before `sync`
 * (for a file's content, and with it the file's own existence) or `syncDirectory` (for renames and removals).
 *
 * Paths are relative, with `/` between names; there is no `.` or `..`. Every failure is a `FileError`.
 */
export type FileErrorCode = 'ENOENT' | 'EEXIST' | 'ENOTDIR' | 'EISDIR' | 'ENOTEMPTY' | 'ENOSPC' | 'EIO' | 'EACCES'

export class FileError extends Error {
  readonly code: FileErrorCode
  readonly path: string
  constructor(code: FileErrorCode, path: string, detail: string) {
    super(`${code}: ${detail} '${path}'`)
    this.name = 'FileError'
    this.code = code
    this.path = path
  }
}

export interface FileHandle {
  readonly path: string
  /** Bytes in the file, holes included. */
  size(): number
  /** Copies up to `length` bytes at `position` into `target` at `targetOffset`; returns how many there were. */
  read(position: number, target: Uint8Array, targetOffset: number, length: number): number
  /** Writes all of `bytes` at `position`, growing the file (a gap reads as zeros). */
  write(position: number, bytes: Uint8Array): void
  /** Cuts or grows (with a hole of zeros) to exactly `size` bytes. */
  truncate(size: number): void
  /** Content written so far survives a power loss from now on. */
  sync(): void
  close(): void
}

export interface FileStatus {
  readonly kind: 'file' | 'directory'
  readonly size: number
  /** Machine time of the last change of content, in microseconds. */
  readonly modifiedUs: number
}

export interface FileSystem {
  /** Opens for reading and writing. `create`: makes the file if it is missing (its directory must exist). */
  open(path: string, options: { readonly create: boolean }): FileHandle
  /** Status, or undefined if there is no such entry. */
  status(path: string): FileStatus | undefined
  /** Names in a directory, in code unit order. The empty path is the root. */
  list(path: string): readonly string[]
  /** Makes a directory and its missing parents; no error if it exists. */
  makeDirectory(path: string): void
  /** Renames a file or a whole directory; an existing target file is replaced, as POSIX does. */
  rename(from: string, to: string): void
  /** Removes a file. */
  removeFile(path: string): void
  /** Removes a directory with all it holds. */
  removeDirectory(path: string): void
  /** Sets the time of last change, as compaction does. */
  setModified(path: string, modifiedUs: number): void
  /** Renames and removals in this directory survive a power loss from now on. */
  syncDirectory(path: string): void
}

/** Reads a whole file. */
export function readFile(files: FileSystem, path: string): Uint8Array {
  const handle = files.open(path, { create: false })
  try {
    const bytes = new Uint8Array(handle.size())
    const length = handle.read(0, bytes, 0, bytes.length)
    return length === bytes.length ? bytes : bytes.subarray(0, length)
  } finally {
    handle.close()
  }
}
