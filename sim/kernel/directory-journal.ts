/**
 * Changes of names (creations, renames, removals) that are not durable yet, in the order in which they were made.
 *
 * Making one durable makes all earlier ones durable that touch the same names, a directory above or an entry below
 * included: as a journalling file system cannot know the later without the earlier. What is left can therefore be undone
 * from its end, and every state on the way is one that the disk may show after a power loss.
 */
import type { Digest, Micros } from '../../src/host/index.ts'
import type { Inode } from './disk-inode.ts'
import { parentPath } from './file-path.ts'

export type DirectoryChange = { readonly atUs: Micros; readonly path: string } & (
  | { readonly kind: 'create'; readonly inode: Inode }
  | { readonly kind: 'makeDirectory' | 'removeDirectory' }
  /** `path` became `to`; a file, or an empty directory, that had that name is replaced. */
  | { readonly kind: 'rename'; readonly to: string; readonly replaced: Inode | 'directory' | undefined }
  | { readonly kind: 'remove'; readonly inode: Inode }
)

export class DirectoryJournal {
  private changes: DirectoryChange[] = []
  private readonly durable: (change: DirectoryChange) => void

  /** @param durable is told of each change that can no longer be undone, in order */
  constructor(durable: (change: DirectoryChange) => void) {
    this.durable = durable
  }

  get length(): number {
    return this.changes.length
  }

  add(change: DirectoryChange): void {
    this.changes.push(change)
  }

  /** The last change, taken out to be undone. */
  takeLast(): DirectoryChange | undefined {
    return this.changes.pop()
  }

  /** Makes changes made before `beforeUs` durable: the operating system commits its journal every few seconds. */
  writtenBack(beforeUs: Micros): void {
    let count = 0
    while (count < this.changes.length && this.changes[count]!.atUs < beforeUs) count++
    if (count === 0) return
    for (const change of this.changes.splice(0, count)) this.durable(change)
  }

  /** Makes the existence of a file durable. Returns whether there was anything to do. */
  syncFile(inode: Inode): boolean {
    return this.sync((change) => change.kind === 'create' && change.inode === inode)
  }

  /** Makes the changes of entries of a directory durable. Returns whether there was anything to do. */
  syncDirectory(path: string): boolean {
    return this.sync(
      (change) =>
        parentPath(change.path) === path ||
        (change.kind === 'rename' && parentPath(change.to) === path) ||
        (change.kind === 'makeDirectory' && change.path === path),
    )
  }

  /** All that is left becomes durable: it survived a power loss. */
  clear(): void {
    for (const change of this.changes.splice(0)) this.durable(change)
  }

  digest(digest: Digest): void {
    for (const change of this.changes) {
      digest.string(change.kind).string(change.path).int(change.atUs)
      if (change.kind === 'rename') digest.string(change.to)
    }
    digest.int(this.changes.length)
  }

  private sync(wanted: (change: DirectoryChange) => boolean): boolean {
    if (!this.changes.some(wanted)) return false
    const names = new Names()
    const kept: DirectoryChange[] = []
    const done: DirectoryChange[] = []
    for (let i = this.changes.length - 1; i >= 0; i--) {
      const change = this.changes[i]!
      const touched = change.kind === 'rename' ? [change.path, change.to] : [change.path]
      if (wanted(change) || touched.some((path) => names.touch(path))) {
        for (const path of touched) names.add(path)
        done.push(change)
      } else {
        kept.push(change)
      }
    }
    this.changes = kept.reverse()
    for (const change of done.reverse()) this.durable(change)
    return true
  }
}

/** Names that changes touch, asked for those that lie on one path with another name. */
class Names {
  private readonly names = new Set<string>()
  /** All directories above them. */
  private readonly above = new Set<string>()

  add(name: string): void {
    this.names.add(name)
    for (let path = name; path !== ''; ) this.above.add((path = parentPath(path)))
  }

  /** True if `path` is one of the names, lies below one, or has one below it. */
  touch(path: string): boolean {
    if (this.names.size === 0) return false
    if (this.above.has(path) || this.names.has(path)) return true
    for (let end = path; end !== ''; ) if (this.names.has((end = parentPath(end)))) return true
    return false
  }
}
