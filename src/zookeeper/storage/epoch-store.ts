/**
 * The two epochs that ZAB keeps on disk, as decimal text in files named as ZooKeeper names them: `acceptedEpoch`, the
 * last one promised to a leader, and `currentEpoch`, the last one whose leader's history this server has taken over.
 */
import { type FileSystem, fromUtf8, readFile, utf8 } from '../../host/index.ts'
import { CorruptStorageError } from './corrupt-storage-error.ts'
import { DATA_DIRECTORY } from './file-names.ts'

type EpochName = 'acceptedEpoch' | 'currentEpoch'

export class EpochStore {
  private readonly files: FileSystem
  private accepted = 0
  private current = 0

  constructor(files: FileSystem) {
    this.files = files
  }

  /** @throws CorruptStorageError if a file holds no number, or fewer promises than were kept; FileError */
  open(): void {
    this.accepted = this.read('acceptedEpoch')
    this.current = this.read('currentEpoch')
    if (this.accepted < this.current) {
      throw new CorruptStorageError(`${DATA_DIRECTORY}/acceptedEpoch`, `below the current epoch ${this.current}`)
    }
  }

  get acceptedEpoch(): number {
    return this.accepted
  }

  get currentEpoch(): number {
    return this.current
  }

  accept(epoch: number): void {
    this.write('acceptedEpoch', epoch)
    this.accepted = epoch
  }

  enter(epoch: number): void {
    this.write('currentEpoch', epoch)
    this.current = epoch
  }

  private read(name: EpochName): number {
    const path = `${DATA_DIRECTORY}/${name}`
    if (this.files.status(path) === undefined) return 0
    const text = fromUtf8(readFile(this.files, path))
    if (!/^[0-9]+\n$/.test(text)) throw new CorruptStorageError(path, 'holds no epoch')
    return Number(text)
  }

  private write(name: EpochName, epoch: number): void {
    const path = `${DATA_DIRECTORY}/${name}`
    const handle = this.files.open(`${path}.tmp`, { create: true })
    try {
      handle.truncate(0)
      handle.write(0, utf8(`${epoch}\n`))
      handle.sync()
    } finally {
      handle.close()
    }
    this.files.rename(`${path}.tmp`, path)
    this.files.syncDirectory(DATA_DIRECTORY)
  }
}
