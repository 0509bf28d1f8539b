/**
 * What a power loss leaves of a disk: unless the caller says otherwise, drawn from its stream: of each file's unsynced changes a prefix, of the unsynced
 * changes of names a prefix. The first write of a file that did not survive whole may survive in part, up to a sector
 * boundary: a torn write.
 */
import type { RandomStream } from '../../src/host/index.ts'
import type { DirectoryChange, DirectoryJournal } from './directory-journal.ts'
import { type ContentChange, type Inode, SECTOR_BYTES } from './disk-inode.ts'

/**
 * What becomes of changes that are not durable.
 * - `drawn`: of each file, and of the changes of names, a drawn prefix survives.
 * - `lost`: nothing survives.
 * - `torn`: all survive but the last write of each file, of which some whole sectors do if it reaches over the end of one.
 */
export const unsyncedFates = ['drawn', 'lost', 'torn'] as const

export type UnsyncedFate = (typeof unsyncedFates)[number]

export interface PowerLossOutcome {
  /** Files whose content or name is not what it was. */
  readonly filesChanged: number
  /** Bytes written that are gone. */
  readonly bytesLost: number
  readonly torn: ReadonlyArray<{ readonly path: string; readonly position: number; readonly length: number }>
}

export interface DiskAtPowerLoss {
  readonly random: RandomStream
  readonly tearWrites: boolean
  readonly unsynced: UnsyncedFate
  readonly dirty: Iterable<Inode>
  readonly journal: DirectoryJournal
  undoName(change: DirectoryChange): void
}

export function losePower(disk: DiskAtPowerLoss): PowerLossOutcome {
  const changed = new Set<string>()
  const torn: Array<{ path: string; position: number; length: number }> = []
  let bytesLost = 0
  for (const inode of disk.dirty) {
    const changes = inode.dirtyChanges
    const kept = changesKept(disk, inode, changes)
    const tornBytes = kept < changes.length ? bytesKept(disk, inode, changes[kept]!) : 0
    for (let i = changes.length - 1; i >= kept; i--) {
      const change = changes[i]!
      const keep = i === kept ? tornBytes : 0
      inode.undo(change, keep)
      if (change.kind === 'write') bytesLost += change.length - keep
    }
    if (kept < changes.length) changed.add(inode.path)
    if (tornBytes > 0) torn.push({ path: inode.path, position: changes[kept]!.position, length: tornBytes })
    inode.clearChanges()
  }
  const keptNames = namesKept(disk)
  while (disk.journal.length > keptNames) {
    const change = disk.journal.takeLast()!
    if (change.kind === 'create') bytesLost += change.inode.size
    if (change.kind !== 'makeDirectory' && change.kind !== 'removeDirectory') changed.add(change.path)
    disk.undoName(change)
  }
  return { filesChanged: changed.size, bytesLost, torn }
}

function changesKept({ unsynced, random }: DiskAtPowerLoss, inode: Inode, changes: readonly ContentChange[]): number {
  if (unsynced === 'drawn') return random.intBetween(0, changes.length, `changes of ${inode.path} kept`)
  if (unsynced === 'lost') return 0
  return changes.at(-1)?.kind === 'write' ? changes.length - 1 : changes.length
}

function namesKept({ unsynced, random, journal }: DiskAtPowerLoss): number {
  if (unsynced === 'drawn') return random.intBetween(0, journal.length, 'changes of names kept')
  return unsynced === 'lost' ? 0 : journal.length
}

/** How many bytes of a write that was under way reached the medium: whole sectors. */
function bytesKept({ unsynced, random, tearWrites }: DiskAtPowerLoss, inode: Inode, change: ContentChange): number {
  if (unsynced === 'lost' || change.kind !== 'write') return 0
  if (unsynced === 'drawn' && !(tearWrites && random.chance(1, 2, `write of ${inode.path} torn`))) return 0
  const firstSector = Math.floor(change.position / SECTOR_BYTES) + 1
  const endSector = Math.ceil((change.position + change.length) / SECTOR_BYTES)
  if (firstSector >= endSector) return 0
  return random.intBetween(firstSector, endSector - 1, `sectors of ${inode.path} kept`) * SECTOR_BYTES - change.position
}
