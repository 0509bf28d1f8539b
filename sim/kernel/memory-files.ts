/**
 * A file system in memory with the manners of POSIX: an open file lives on when its name is removed or replaced.
 * It has no durability of its own (`sync` does nothing); `SimulatedDisk` adds that over any file system.
 */
import {
  FileError,
  type FileHandle,
  type FileStatus,
  type FileSystem,
  invariant,
  type Micros,
} from '../../src/host/index.ts'
import { isWithin, pathNames } from './file-path.ts'
import { SparseBytes } from './sparse-bytes.ts'

/** What a file holds. */
export interface FileContent {
  readonly size: number
  read(position: number, target: Uint8Array, targetOffset: number, length: number): number
  write(position: number, bytes: Uint8Array): void
  truncate(size: number): void
}

export class FileNode {
  readonly content: FileContent
  modifiedUs: Micros
  constructor(modifiedUs: Micros, content: FileContent = new SparseBytes()) {
    this.modifiedUs = modifiedUs
    this.content = content
  }
}

export type TreeNode = FileNode | DirectoryNode

export class DirectoryNode {
  private loaded: Map<string, TreeNode> | undefined
  private readonly load: (() => Map<string, TreeNode>) | undefined

  /** @param load gives what is in it when that is first asked for; empty if left out */
  constructor(load?: () => Map<string, TreeNode>) {
    this.load = load
  }

  get entries(): Map<string, TreeNode> {
    this.loaded ??= this.load?.() ?? new Map()
    return this.loaded
  }

  /** False as long as nobody has looked into it. */
  get isLoaded(): boolean {
    return this.loaded !== undefined
  }
}

interface Place {
  readonly directory: DirectoryNode
  readonly name: string
}

export class MemoryFileSystem implements FileSystem {
  protected readonly root: DirectoryNode
  private readonly now: () => Micros

  /** @param now the clock that stamps changes */
  constructor(now: () => Micros = () => 0, root = new DirectoryNode()) {
    this.now = now
    this.root = root
  }

  open(path: string, options: { readonly create: boolean }): FileHandle {
    const place = this.place(path)
    let node = place.directory.entries.get(place.name)
    if (node instanceof DirectoryNode) throw new FileError('EISDIR', path, 'a directory is not opened as a file')
    if (node === undefined) {
      if (!options.create) throw missing(path)
      node = new FileNode(this.now())
      place.directory.entries.set(place.name, node)
    }
    return new MemoryFileHandle(path, node, this.now)
  }

  status(path: string): FileStatus | undefined {
    const node = this.find(path)
    if (node === undefined) return undefined
    if (node instanceof DirectoryNode) return { kind: 'directory', size: 0, modifiedUs: 0 }
    return { kind: 'file', size: node.content.size, modifiedUs: node.modifiedUs }
  }

  list(path: string): readonly string[] {
    return [...this.directory(path).entries.keys()].sort()
  }

  makeDirectory(path: string): void {
    let directory = this.root
    const names = pathNames(path)
    names.forEach((name, i) => {
      let next = directory.entries.get(name)
      if (next instanceof FileNode) {
        const last = i === names.length - 1
        throw new FileError(last ? 'EEXIST' : 'ENOTDIR', path, `'${name}' is a file, so no directory can be made at`)
      }
      if (next === undefined) {
        next = new DirectoryNode()
        directory.entries.set(name, next)
      }
      directory = next
    })
  }

  rename(from: string, to: string): void {
    const source = this.place(from)
    const node = source.directory.entries.get(source.name)
    if (node === undefined) throw missing(from)
    const target = this.place(to)
    const replaced = target.directory.entries.get(target.name)
    if (replaced === node) return
    if (node instanceof DirectoryNode) {
      if (isWithin(to, from)) throw new FileError('EACCES', to, 'a directory cannot move below itself')
      if (replaced instanceof FileNode) throw new FileError('ENOTDIR', to, 'a directory cannot replace a file')
      if (replaced !== undefined && replaced.entries.size > 0)
        throw new FileError('ENOTEMPTY', to, 'directory not empty')
    } else if (replaced instanceof DirectoryNode) {
      throw new FileError('EISDIR', to, 'a file cannot replace a directory')
    }
    source.directory.entries.delete(source.name)
    target.directory.entries.set(target.name, node)
  }

  removeFile(path: string): void {
    const { directory, name } = this.place(path)
    const node = directory.entries.get(name)
    if (node === undefined) throw missing(path)
    if (node instanceof DirectoryNode) throw new FileError('EISDIR', path, 'a directory is not removed as a file')
    directory.entries.delete(name)
  }

  removeDirectory(path: string): void {
    this.directory(path)
    const { directory, name } = this.place(path)
    directory.entries.delete(name)
  }

  setModified(path: string, modifiedUs: Micros): void {
    const node = this.find(path)
    if (node === undefined) throw missing(path)
    if (node instanceof FileNode) node.modifiedUs = modifiedUs
  }

  syncDirectory(path: string): void {
    this.directory(path)
  }

  private find(path: string): TreeNode | undefined {
    let node: TreeNode | undefined = this.root
    for (const name of pathNames(path)) {
      if (!(node instanceof DirectoryNode)) return undefined
      node = node.entries.get(name)
    }
    return node
  }

  private directory(path: string): DirectoryNode {
    let node: TreeNode | undefined = this.root
    for (const name of pathNames(path)) {
      node = node.entries.get(name)
      if (node === undefined) throw missing(path)
      if (node instanceof FileNode) throw new FileError('ENOTDIR', path, 'not a directory')
    }
    return node
  }

  /** Directory and name of an entry, which need not exist. */
  private place(path: string): Place {
    const names = pathNames(path)
    const name = names.at(-1)
    if (name === undefined) throw new FileError('EACCES', path, 'the root is not an entry of a directory')
    let directory = this.root
    for (let i = 0; i < names.length - 1; i++) {
      const next = directory.entries.get(names[i]!)
      if (next === undefined) throw missing(path)
      if (next instanceof FileNode) throw new FileError('ENOTDIR', path, `'${names[i]}' is not a directory`)
      directory = next
    }
    return { directory, name }
  }
}

class MemoryFileHandle implements FileHandle {
  readonly path: string
  private node: FileNode | undefined
  private readonly now: () => Micros

  constructor(path: string, node: FileNode, now: () => Micros) {
    this.path = path
    this.node = node
    this.now = now
  }

  size(): number {
    return this.open().content.size
  }

  read(position: number, target: Uint8Array, targetOffset: number, length: number): number {
    return this.open().content.read(position, target, targetOffset, length)
  }

  write(position: number, bytes: Uint8Array): void {
    const node = this.open()
    node.content.write(position, bytes)
    node.modifiedUs = this.now()
  }

  truncate(size: number): void {
    const node = this.open()
    node.content.truncate(size)
    node.modifiedUs = this.now()
  }

  sync(): void {
    this.open()
  }

  close(): void {
    this.node = undefined
  }

  private open(): FileNode {
    if (this.node === undefined) invariant(false, `file '${this.path}' is used after it was closed`)
    return this.node
  }
}

const missing = (path: string): FileError => new FileError('ENOENT', path, 'no such file or directory')
