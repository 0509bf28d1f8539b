/** What a path on the command line is: a file of a log, a partition's directory, or a broker's log directory. */
import { realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { NodeFileSystem } from '../../live/index.ts'
import { FileError, type FileSystem } from '../../src/host/index.ts'
import {
  fileKindOf,
  isPartitionDirectory,
  type LogDirectory,
  type PartitionDirectory,
  readLogDirectory,
  readPartitionDirectory,
} from '../../src/storage/inspect/index.ts'
import { UserError } from '../exit-code.ts'

export type LogTarget = {
  /** Rooted above the target, so that a partition's neighbours (checkpoints) can be read as well. */
  readonly files: FileSystem
  /** The directory that `files` begins at. */
  readonly root: string
  /** A path of `files` as the user would write it. */
  show(path: string): string
} & (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'partition'; readonly partition: PartitionDirectory }
  | { readonly kind: 'log-directory'; readonly directory: LogDirectory }
)

/** Opens a path to be read. @throws UserError there is no such path, no right to read it, or it is nothing of a log */
export function openTarget(given: string): LogTarget {
  const stats = statusOf(given)
  if (!stats.isFile() && !stats.isDirectory()) throw new UserError(`${given}: neither a file nor a directory`)
  return readable(given, () => {
    const real = realpathSync(given)
    const show = (root: string) => (path: string) => join(given, relative(real, join(root, path)))
    if (stats.isFile()) {
      const root = dirname(real)
      const files = new NodeFileSystem(root, { readOnly: true })
      return { kind: 'file', files, root, show: () => given, path: basename(real) }
    }
    const above = dirname(real)
    const asPartition = new NodeFileSystem(above, { readOnly: true })
    const partition = above === real ? undefined : readPartitionDirectory(asPartition, basename(real))
    if (partition !== undefined && isPartitionDirectory(partition)) {
      return { kind: 'partition', files: asPartition, root: above, show: show(above), partition }
    }
    const files = new NodeFileSystem(real, { readOnly: true })
    const directory = readLogDirectory(files, '')
    if (directory.partitions.length + directory.checkpoints.length + directory.others.length === 0) {
      throw new UserError(`${given}: no log directory${hint(files, directory)}`)
    }
    return { kind: 'log-directory', files, root: real, show: show(real), directory }
  })
}

/** Runs what reads files; what the operating system refuses becomes a message that names the file. */
export function readable<T>(given: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw refusal(given, error) ?? error
  }
}

/** The message for a failed file operation; undefined for any other error. */
export function refusal(given: string, error: unknown): UserError | undefined {
  if (error instanceof FileError) {
    const reason = reasons[error.code] ?? error.message.replace(/ '.*'$/, '')
    return new UserError(`cannot read ${error.path === '' ? given : `${given}: ${error.path}`}: ${reason}`)
  }
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return undefined
  return new UserError(`cannot read ${given}: ${reasons[code] ?? message}`)
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of the path is no directory',
  ELOOP: 'its links go round in circles',
  EMFILE: 'too many files are open',
}

function statusOf(given: string): Stats {
  return readable(given, () => statSync(given))
}

/** Where the user may have meant to point. */
function hint(files: FileSystem, directory: LogDirectory): string {
  const inside = directory.unknown.filter((name) => {
    if (files.status(name)?.kind !== 'directory') return false
    try {
      return files.list(name).some((below) => fileKindOf(below) !== undefined)
    } catch (error) {
      if (error instanceof FileError) return false
      throw error
    }
  })
  const few = inside.slice(0, 3).join(', ')
  if (inside.length > 0) return `, but it holds some: ${few}${inside.length > 3 ? ', …' : ''}`
  return ' (neither segments, such as 00000000000000000000.log, nor partitions, such as orders-0, nor checkpoints)'
}
