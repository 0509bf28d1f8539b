/** Paths of files, as `src/host/files.ts` defines them: relative, `/` between names, no `.` or `..`, '' is the root. */
import { invariant } from '../../src/host/index.ts'

/** The names of a path, from the root down. */
export function pathNames(path: string): readonly string[] {
  if (path === '') return []
  const names = path.split('/')
  for (const name of names) {
    if (name === '' || name === '.' || name === '..') invariant(false, `'${path}' is not a path of this file system`)
  }
  return names
}

/** The directory that an entry is in. */
export const parentPath = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

export const joinPath = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`)

/** True if `path` is `directory` itself or lies below it. */
export const isWithin = (path: string, directory: string): boolean =>
  directory === '' || path === directory || (path.startsWith(directory) && path[directory.length] === '/')

/** `path`, which lies within `from`, after `from` was renamed to `to`. */
export const movedPath = (path: string, from: string, to: string): string => to + path.slice(from.length)
