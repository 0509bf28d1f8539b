/**
 * Deletion of segments in two steps (`asyncDeleteSegment` of `kafka/log/Log.scala`, 0.8.2.2): the files are renamed at
 * once and removed later. If the process ends meanwhile, the next start removes them.
 */
import { FileError, fromMs, type Host } from '../host/index.ts'
import type { LogSegment } from './log-segment.ts'

/** `log.segment.delete.delay.ms` of 0.8.2. */
const DELETE_DELAY_MS = 60_000

/**
 * Deletes segments, the last of `segments` first, and makes each renaming durable before the next: whatever a power
 * loss leaves of it, the log has no hole.
 */
export function deleteSegments(host: Host, directory: string, segments: readonly LogSegment[]): void {
  for (let i = segments.length - 1; i >= 0; i--) {
    const renamed = segments[i]!.markDeleted()
    host.files.syncDirectory(directory)
    host.setTimer(fromMs(DELETE_DELAY_MS), 'delete-file', () => removeFiles(host, renamed))
  }
}

function removeFiles(host: Host, paths: readonly string[]): void {
  try {
    // The log's directory may be gone by now.
    for (const path of paths) if (host.files.status(path) !== undefined) host.files.removeFile(path)
  } catch (error) {
    // A background task of Kafka's scheduler logs its failure and is done; the next start tries again.
    if (!(error instanceof FileError)) throw error
  }
}
