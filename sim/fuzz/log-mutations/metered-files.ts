/**
 * Files that watch how they are read: a reader that asks for more memory than the file has bytes, or that reads on and on,
 * is caught at it.
 */
import { type FileHandle, type FileStatus, type FileSystem, type Micros, readFile } from '../../../src/host/index.ts'

/** A buffer of this size is no harm, however small the file. */
const SMALL_BUFFER_BYTES = 65_536
/** So often may each byte of the files be read by one tool, and so many calls are free. */
const READS_OF_A_BYTE = 400
const FREE_BYTES = 4_000_000

export class MeterAlarm extends Error {}

export class MeteredFiles implements FileSystem {
  private readonly files: FileSystem
  private readonly budget: number
  private bytesRead = 0

  /** @param totalBytes of all files that are there */
  constructor(files: FileSystem, totalBytes: number) {
    this.files = files
    this.budget = FREE_BYTES + READS_OF_A_BYTE * totalBytes
  }

  open(path: string, options: { readonly create: boolean }): FileHandle {
    return new MeteredHandle(this.files.open(path, options), (size, target, length) =>
      this.read(path, size, target, length),
    )
  }

  status(path: string): FileStatus | undefined {
    return this.files.status(path)
  }

  list(path: string): readonly string[] {
    return this.files.list(path)
  }

  makeDirectory(path: string): void {
    this.files.makeDirectory(path)
  }

  rename(from: string, to: string): void {
    this.files.rename(from, to)
  }

  removeFile(path: string): void {
    this.files.removeFile(path)
  }

  removeDirectory(path: string): void {
    this.files.removeDirectory(path)
  }

  setModified(path: string, modifiedUs: Micros): void {
    this.files.setModified(path, modifiedUs)
  }

  syncDirectory(path: string): void {
    this.files.syncDirectory(path)
  }

  private read(path: string, size: number, targetBytes: number, length: number): void {
    if (targetBytes > Math.max(size, SMALL_BUFFER_BYTES))
      throw new MeterAlarm(`${path}: a buffer of ${targetBytes} bytes for a file of ${size}`)
    this.bytesRead += Math.min(length, size) + 1
    if (this.bytesRead > this.budget) throw new MeterAlarm(`${path}: reading does not end (${this.bytesRead} bytes)`)
  }
}

class MeteredHandle implements FileHandle {
  readonly path: string
  private readonly handle: FileHandle
  private readonly reading: (size: number, targetBytes: number, length: number) => void

  constructor(handle: FileHandle, reading: (size: number, targetBytes: number, length: number) => void) {
    this.path = handle.path
    this.handle = handle
    this.reading = reading
  }

  size(): number {
    return this.handle.size()
  }

  read(position: number, target: Uint8Array, targetOffset: number, length: number): number {
    this.reading(this.handle.size(), target.length, length)
    return this.handle.read(position, target, targetOffset, length)
  }

  write(position: number, bytes: Uint8Array): void {
    this.handle.write(position, bytes)
  }

  truncate(size: number): void {
    this.handle.truncate(size)
  }

  sync(): void {
    this.handle.sync()
  }

  close(): void {
    this.handle.close()
  }
}

/** Every byte of every file below a directory. */
export function totalBytes(files: FileSystem, path = ''): number {
  let bytes = 0
  for (const name of files.list(path)) {
    const at = path === '' ? name : `${path}/${name}`
    const status = files.status(at)
    bytes += status?.kind === 'directory' ? totalBytes(files, at) : (status?.size ?? 0)
  }
  return bytes
}

/** Replaces a file's content. */
export function rewriteFile(files: FileSystem, path: string, change: (bytes: Uint8Array) => Uint8Array): void {
  const changed = change(readFile(files, path))
  const handle = files.open(path, { create: false })
  try {
    handle.truncate(0)
    handle.write(0, changed)
  } finally {
    handle.close()
  }
}
