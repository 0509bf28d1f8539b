/**
 * A file system over another one that is only read: whatever is written, renamed or removed stays in memory. So it can be
 * tried out what a program would do to real files, and be told as a list of changes.
 */
import type { FileSystem, Micros } from '../../src/host/index.ts'
import { joinPath } from './file-path.ts'
import { DirectoryNode, FileNode, MemoryFileSystem, type TreeNode } from './memory-files.ts'
import { OverlayContent } from './overlay-content.ts'

/** What is different from the files below. */
export type FileChange =
  | { readonly kind: 'removed'; readonly path: string; readonly size: number }
  | { readonly kind: 'created'; readonly path: string; readonly size: number }
  | { readonly kind: 'renamed'; readonly path: string; readonly from: string }
  /** Shorter, and the same up to there. */
  | { readonly kind: 'cut'; readonly path: string; readonly from: number; readonly to: number }
  | {
      readonly kind: 'rewritten'
      readonly path: string
      readonly from: number
      readonly to: number
      /** First byte that differs. */
      readonly position: number
    }

const WINDOW_BYTES = 65_536

export class OverlayFileSystem extends MemoryFileSystem {
  private readonly base: FileSystem

  constructor(base: FileSystem, now: () => Micros = () => 0) {
    super(now, directoryOver(base, ''))
    this.base = base
  }

  /** By path. A file that holds again what it held before has not changed. */
  changes(): FileChange[] {
    const found: FileChange[] = []
    const moved = new Set<string>()
    const visit = (directory: DirectoryNode, path: string): void => {
      if (!directory.isLoaded) return
      for (const [name, node] of directory.entries) {
        const at = joinPath(path, name)
        if (node instanceof DirectoryNode) visit(node, at)
        else this.compare(at, node, moved, found)
      }
    }
    visit(this.root, '')
    this.addRemoved(this.root, '', moved, found)
    return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  }

  private compare(path: string, { content }: FileNode, moved: Set<string>, found: FileChange[]): void {
    const basePath = content instanceof OverlayContent ? content.basePath : undefined
    if (basePath !== undefined && basePath !== path) {
      found.push({ kind: 'renamed', path, from: basePath })
      moved.add(basePath)
    }
    if (content instanceof OverlayContent && !content.touched) return
    const origin = basePath ?? path
    const before = this.base.status(origin)
    if (before?.kind !== 'file') {
      found.push({ kind: 'created', path, size: content.size })
      return
    }
    const same = this.sameBytes(origin, before.size, content)
    if (same === content.size && same === before.size) return
    if (same === content.size) found.push({ kind: 'cut', path, from: before.size, to: same })
    else found.push({ kind: 'rewritten', path, from: before.size, to: content.size, position: same })
  }

  /** What was in a directory below and is nowhere now. */
  private addRemoved(directory: DirectoryNode, path: string, moved: Set<string>, found: FileChange[]): void {
    if (!directory.isLoaded || this.base.status(path)?.kind !== 'directory') return
    for (const name of this.base.list(path)) {
      const at = joinPath(path, name)
      const node = directory.entries.get(name)
      if (node instanceof DirectoryNode) this.addRemoved(node, at, moved, found)
      else if (node === undefined) this.addGone(at, moved, found)
    }
  }

  private addGone(path: string, moved: Set<string>, found: FileChange[]): void {
    const status = this.base.status(path)
    if (status?.kind === 'directory')
      for (const name of this.base.list(path)) this.addGone(joinPath(path, name), moved, found)
    else if (status !== undefined && !moved.has(path)) found.push({ kind: 'removed', path, size: status.size })
  }

  /** How many bytes from the start on are the same. */
  private sameBytes(path: string, size: number, content: FileNode['content']): number {
    const handle = this.base.open(path, { create: false })
    try {
      const [one, two] = [new Uint8Array(WINDOW_BYTES), new Uint8Array(WINDOW_BYTES)]
      const most = Math.min(size, content.size)
      for (let position = 0; position < most; position += WINDOW_BYTES) {
        const length = Math.min(WINDOW_BYTES, most - position)
        handle.read(position, one, 0, length)
        content.read(position, two, 0, length)
        for (let i = 0; i < length; i++) if (one[i] !== two[i]) return position + i
      }
      return most
    } finally {
      handle.close()
    }
  }
}

function directoryOver(base: FileSystem, path: string): DirectoryNode {
  return new DirectoryNode(() => {
    const entries = new Map<string, TreeNode>()
    for (const name of base.list(path)) {
      const at = joinPath(path, name)
      const status = base.status(at)
      if (status === undefined) continue
      const node =
        status.kind === 'directory'
          ? directoryOver(base, at)
          : new FileNode(status.modifiedUs, new OverlayContent(base, at, status.size))
      entries.set(name, node)
    }
    return entries
  })
}
