/** Feeds a whole file system to a digest: the same for the same names, sizes, times and bytes, holes or not. */
import type { Digest, FileStatus, FileSystem } from '../../src/host/index.ts'
import { joinPath } from './file-path.ts'

const CHUNK_BYTES = 4096

/**
 * @param files read for names and bytes
 * @param statusOf told instead of `files.status`, because a simulated disk keeps its own times
 */
export function digestFiles(
  files: FileSystem,
  statusOf: (path: string) => FileStatus | undefined,
  digest: Digest,
  directory = '',
): void {
  for (const name of files.list(directory)) {
    const path = joinPath(directory, name)
    const status = statusOf(path)!
    digest.string(path).string(status.kind).int(status.size).int(status.modifiedUs)
    if (status.kind === 'directory') digestFiles(files, statusOf, digest, path)
    else digestContent(files, path, status.size, digest)
  }
}

function digestContent(files: FileSystem, path: string, size: number, digest: Digest): void {
  const chunk = new Uint8Array(CHUNK_BYTES)
  const handle = files.open(path, { create: false })
  try {
    for (let position = 0; position < size; position += CHUNK_BYTES) {
      const length = handle.read(position, chunk, 0, CHUNK_BYTES)
      const bytes = chunk.subarray(0, length)
      if (bytes.every((byte) => byte === 0)) continue
      digest.int(position).bytes(bytes)
    }
  } finally {
    handle.close()
  }
}
