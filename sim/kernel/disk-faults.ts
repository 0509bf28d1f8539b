/** The ways in which a disk goes wrong without a power loss: full, slow, unreadable, writing to the wrong place. */
import { type Digest, FileError, type Micros, type RandomStream } from '../../src/host/index.ts'
import { SECTOR_BYTES } from './disk-inode.ts'

export interface FaultReporter {
  readonly random: RandomStream
  fault(fault: string, path: string, position: number, length: number): void
}

export class DiskFaults {
  private readonly reporter: FaultReporter
  /** Bytes that still fit; undefined: no limit. */
  freeBytes: number | undefined
  perOperationUs: Micros = 0
  misdirectNext = false
  private readonly unreadable = new Set<string>()

  constructor(reporter: FaultReporter) {
    this.reporter = reporter
  }

  failReads(path: string | undefined): void {
    if (path === undefined) this.unreadable.clear()
    else this.unreadable.add(path)
  }

  /** Throws EIO if the file cannot be read. */
  checkRead(path: string, position: number, length: number): void {
    if (this.unreadable.size === 0 || !this.unreadable.has(path)) return
    this.reporter.fault('read-error', path, position, length)
    throw new FileError('EIO', path, 'input/output error, read')
  }

  /**
   * How many bytes of a write fit; takes their room. As write(2) does, a full disk takes what fits.
   * @param dataEnd up to where the file has its room already
   */
  takeRoom(path: string, dataEnd: number, position: number, length: number): number {
    if (this.freeBytes === undefined) return length
    const needed = Math.max(0, position + length - Math.max(dataEnd, position))
    const taken = Math.min(needed, this.freeBytes)
    this.freeBytes -= taken
    if (taken < needed) this.reporter.fault('disk-full', path, position, length)
    return length - needed + taken
  }

  /** Room that a file no longer takes. */
  giveRoom(bytes: number): void {
    if (this.freeBytes !== undefined) this.freeBytes += bytes
  }

  /** Where a write lands: at `position`, unless it is the one to be misdirected. */
  misdirect(path: string, position: number, length: number, size: number): number {
    if (!this.misdirectNext || length === 0) return position
    this.misdirectNext = false
    const sectors = Math.ceil(Math.max(size, position + length) / SECTOR_BYTES)
    const own = Math.floor(position / SECTOR_BYTES)
    // In a file of one sector there is no elsewhere: the bytes land in the next sector, outside the file.
    const shift = sectors > 1 ? 1 + this.reporter.random.intBelow(sectors - 1, 'misdirected sector') : 1
    const target = sectors > 1 ? ((own + shift) % sectors) * SECTOR_BYTES : SECTOR_BYTES
    this.reporter.fault('misdirected-write', path, target, length)
    return target
  }

  digest(digest: Digest): void {
    digest
      .int(this.freeBytes ?? -1)
      .int(this.perOperationUs)
      .boolean(this.misdirectNext)
    for (const path of [...this.unreadable].sort()) digest.string(path)
  }
}
