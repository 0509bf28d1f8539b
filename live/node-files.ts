/**
 * Real files below a root directory, through Node's synchronous calls. Behaves as `MemoryFileSystem` does, error codes
 * included (`test/host/conformance.ts` holds both to it).
 */
import fs from 'node:fs'
import { join } from 'node:path'
import {
  FileError,
  type FileErrorCode,
  type FileHandle,
  type FileStatus,
  type FileSystem,
  invariant,
  type Micros,
} from '../src/host/index.ts'

export interface NodeFileOptions {
  /** Whether `sync` reaches the device. False where durability is simulated on top, or does not matter. Default true. */
  readonly realSync?: boolean
  /**
   * Nothing is made or changed, so rights to read are enough, and what is no regular file (a pipe, a device) is refused
   * instead of waited for. Default false.
   */
  readonly readOnly?: boolean
}

const CODES: ReadonlySet<string> = new Set<FileErrorCode>([
  'ENOENT',
  'EEXIST',
  'ENOTDIR',
  'EISDIR',
  'ENOTEMPTY',
  'ENOSPC',
  'EIO',
  'EACCES',
])

export class NodeFileSystem implements FileSystem {
  /** Where the files lie. */
  readonly rootDirectory: string
  private readonly realSync: boolean
  private readonly readOnly: boolean

  constructor(rootDirectory: string, options: NodeFileOptions = {}) {
    this.rootDirectory = rootDirectory
    this.realSync = options.realSync ?? true
    this.readOnly = options.readOnly ?? false
    if (!this.readOnly) fs.mkdirSync(rootDirectory, { recursive: true })
  }

  open(path: string, options: { readonly create: boolean }): FileHandle {
    if (this.readOnly) return this.openToRead(path)
    const entry = this.entry(path)
    const flags = fs.constants.O_RDWR | (options.create ? fs.constants.O_CREAT : 0)
    return new NodeFileHandle(
      path,
      call(path, () => fs.openSync(entry, flags)),
      this.realSync,
    )
  }

  status(path: string): FileStatus | undefined {
    const stats = call(path, () => {
      try {
        return fs.statSync(this.absolute(path), { bigint: true, throwIfNoEntry: false })
      } catch (error) {
        if (codeOf(error) === 'ENOTDIR') return undefined
        throw error
      }
    })
    if (stats === undefined) return undefined
    if (stats.isDirectory()) return { kind: 'directory', size: 0, modifiedUs: 0 }
    return { kind: 'file', size: Number(stats.size), modifiedUs: Number((stats.mtimeNs + 500n) / 1000n) }
  }

  list(path: string): readonly string[] {
    return call(path, () => fs.readdirSync(this.absolute(path))).sort()
  }

  makeDirectory(path: string): void {
    if (this.readOnly) throw new FileError('EACCES', path, 'these files are only read')
    call(path, () => fs.mkdirSync(this.absolute(path), { recursive: true }))
  }

  rename(from: string, to: string): void {
    const source = this.entry(from)
    const target = this.entry(to)
    try {
      fs.renameSync(source, target)
    } catch (error) {
      // A directory moved below itself: EINVAL, which the contract does not know.
      if (codeOf(error) === 'EINVAL') throw new FileError('EACCES', to, 'a directory cannot move below itself')
      if (codeOf(error) === 'EEXIST') throw new FileError('ENOTEMPTY', to, 'directory not empty')
      const isSource = codeOf(error) === 'ENOENT' && !fs.existsSync(source)
      throw fileError(error, isSource ? from : to)
    }
  }

  removeFile(path: string): void {
    const entry = this.entry(path)
    call(path, () => {
      try {
        fs.unlinkSync(entry)
      } catch (error) {
        // POSIX lets unlink of a directory fail with EPERM as well.
        if (codeOf(error) === 'EPERM') throw new FileError('EISDIR', path, 'a directory is not removed as a file')
        throw error
      }
    })
  }

  removeDirectory(path: string): void {
    const entry = this.entry(path)
    call(path, () => {
      if (!fs.statSync(entry).isDirectory()) throw new FileError('ENOTDIR', path, 'not a directory')
      fs.rmSync(entry, { recursive: true })
    })
  }

  setModified(path: string, modifiedUs: Micros): void {
    if (this.readOnly) throw new FileError('EACCES', path, 'these files are only read')
    call(path, () => {
      if (fs.statSync(this.absolute(path)).isDirectory()) return
      fs.utimesSync(this.absolute(path), modifiedUs / 1e6, modifiedUs / 1e6)
    })
  }

  syncDirectory(path: string): void {
    call(path, () => {
      const descriptor = fs.openSync(this.absolute(path), fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)
      try {
        if (this.realSync) fs.fsyncSync(descriptor)
      } finally {
        fs.closeSync(descriptor)
      }
    })
  }

  private openToRead(path: string): FileHandle {
    const entry = this.absolute(path)
    // Opening a pipe would wait for somebody who writes into it.
    const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK
    const handle = new NodeFileHandle(
      path,
      call(path, () => fs.openSync(entry, flags)),
      false,
    )
    if (handle.isRegular()) return handle
    handle.close()
    throw new FileError('EACCES', path, 'not a regular file')
  }

  /** An entry of some directory that may be changed: not the root. */
  private entry(path: string): string {
    if (this.readOnly) throw new FileError('EACCES', path, 'these files are only read')
    if (path === '') throw new FileError('EACCES', path, 'the root is not an entry of a directory')
    return this.absolute(path)
  }

  private absolute(path: string): string {
    if (path === '') return this.rootDirectory
    for (const name of path.split('/')) {
      invariant(name !== '' && name !== '.' && name !== '..', () => `'${path}' is not a path of this file system`)
    }
    return join(this.rootDirectory, path)
  }
}

class NodeFileHandle implements FileHandle {
  readonly path: string
  private descriptor: number | undefined
  private readonly realSync: boolean

  constructor(path: string, descriptor: number, realSync: boolean) {
    this.path = path
    this.descriptor = descriptor
    this.realSync = realSync
  }

  /** True unless it is a directory, a pipe, a device … */
  isRegular(): boolean {
    const descriptor = this.open()
    return call(this.path, () => fs.fstatSync(descriptor).isFile())
  }

  size(): number {
    const descriptor = this.open()
    return call(this.path, () => fs.fstatSync(descriptor).size)
  }

  read(position: number, target: Uint8Array, targetOffset: number, length: number): number {
    const descriptor = this.open()
    try {
      let done = 0
      while (done < length) {
        const part = fs.readSync(descriptor, target, targetOffset + done, length - done, position + done)
        if (part === 0) break
        done += part
      }
      return done
    } catch (error) {
      throw fileError(error, this.path)
    }
  }

  write(position: number, bytes: Uint8Array): void {
    const descriptor = this.open()
    try {
      let done = fs.writeSync(descriptor, bytes, 0, bytes.length, position)
      while (done < bytes.length) done += fs.writeSync(descriptor, bytes, done, bytes.length - done, position + done)
    } catch (error) {
      throw fileError(error, this.path)
    }
  }

  truncate(size: number): void {
    const descriptor = this.open()
    call(this.path, () => fs.ftruncateSync(descriptor, size))
  }

  sync(): void {
    const descriptor = this.open()
    if (this.realSync) call(this.path, () => fs.fsyncSync(descriptor))
  }

  close(): void {
    const descriptor = this.descriptor
    if (descriptor === undefined) return
    this.descriptor = undefined
    call(this.path, () => fs.closeSync(descriptor))
  }

  private open(): number {
    if (this.descriptor === undefined) invariant(false, `file '${this.path}' is used after it was closed`)
    return this.descriptor
  }
}

/** Runs file calls; what the operating system refuses becomes a `FileError`. */
function call<T>(path: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw fileError(error, path)
  }
}

function fileError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (error instanceof FileError || code === undefined || !CODES.has(code)) return error
  return new FileError(
    code as FileErrorCode,
    path,
    (error as Error).message.replace(/^[A-Z]+: /, '').replace(/, .*$/, ''),
  )
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined
