/** Rules for znode paths (org.apache.zookeeper.common.PathUtils) and for sequential suffixes. */

/** True for a path that ZooKeeper accepts: absolute, no empty, `.` or `..` names, no control or private characters. */
export function isValidPath(path: string): boolean {
  if (!path.startsWith('/')) return false
  if (path === '/') return true
  for (const name of path.slice(1).split('/')) {
    if (name === '' || name === '.' || name === '..') return false
  }
  for (let i = 0; i < path.length; i++) {
    const c = path.charCodeAt(i)
    if (c <= 0x1f || (c >= 0x7f && c <= 0x9f) || (c >= 0xd800 && c <= 0xf8ff) || c >= 0xfff0) return false
  }
  return true
}

/** The nodes that every ZooKeeper has from the beginning. Nobody can delete them (DataTree.isSpecialPath). */
export const SPECIAL_PATHS: readonly string[] = ['/', '/zookeeper', '/zookeeper/quota']

export const isSpecialPath = (path: string): boolean => SPECIAL_PATHS.includes(path)

/** `/` for a node of the first level, and for the root itself. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

export const childPath = (parent: string, name: string): string => (parent === '/' ? `/${name}` : `${parent}/${name}`)

/**
 * Java's `%010d` of the parent's count of children ever created, a signed 32-bit int: after 2147483647 the suffixes
 * are negative.
 */
export function sequentialSuffix(childrenCreated: number): string {
  const counter = childrenCreated | 0
  return counter < 0 ? `-${String(-counter).padStart(9, '0')}` : String(counter).padStart(10, '0')
}
