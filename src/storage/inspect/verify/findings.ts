/**
 * What a verification finds. Damage is what no broker writes and what makes its readers fail, miss records or trust what is
 * not so; a note is worth knowing, and right.
 */
export type FindingCode =
  /** An entry's checksum is wrong. */
  | 'crc'
  /** The file ends inside an entry, or in zeros. */
  | 'cut'
  /** An entry of impossible size or unknown format. */
  | 'structure'
  /** Offsets fall, or stand below the segment's base. */
  | 'offset-order'
  /** Offsets are missing in between. */
  | 'hole'
  /** A batch cannot be opened, or holds other records than its header says. */
  | 'records'
  /** Not looked into: it is larger than the limits allow. */
  | 'not-opened'
  | 'missing-file'
  | 'index'
  | 'time-index'
  | 'transaction-index'
  | 'snapshot'
  | 'leader-epochs'
  | 'checkpoint'
  | 'properties'
  /** Files of an unfinished roll, compaction or deletion, or without any meaning. */
  | 'leftover'
  | 'unclean-shutdown'
  /** Other than a broker with the settings given would write it. */
  | 'settings'

export interface Finding {
  readonly severity: 'damage' | 'note'
  readonly code: FindingCode
  readonly path: string
  /** Byte in the file. */
  readonly position?: number
  readonly offset?: number
  readonly message: string
}

/** How many of one code are told of one file; the others are only counted. */
const TOLD_PER_FILE = 10

export class Findings {
  readonly all: Finding[] = []
  /** Findings that were counted only, by path and code. */
  readonly untold = new Map<string, { readonly path: string; readonly code: FindingCode; count: number }>()
  damage = 0
  private readonly told = new Map<string, number>()

  damaged(code: FindingCode, path: string, message: string, where: Place = {}): void {
    this.damage++
    this.add({ severity: 'damage', code, path, message, ...where })
  }

  note(code: FindingCode, path: string, message: string, where: Place = {}): void {
    this.add({ severity: 'note', code, path, message, ...where })
  }

  private add(finding: Finding): void {
    const key = `${finding.code} ${finding.severity} ${finding.path}`
    const count = (this.told.get(key) ?? 0) + 1
    this.told.set(key, count)
    if (count <= TOLD_PER_FILE) {
      this.all.push(finding)
      return
    }
    const more = this.untold.get(key)
    if (more === undefined) this.untold.set(key, { path: finding.path, code: finding.code, count: 1 })
    else more.count++
  }
}

export interface Place {
  readonly position?: number
  readonly offset?: number
}
