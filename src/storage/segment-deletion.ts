/**
 * Deletion of segments in two steps (`asyncDeleteSegment` of `kafka/log/Log.scala`, 0.8.2.2): the files are renamed at
 * once and removed later. If the process ends meanwhile, the next start removes them.
 */
import { FileError, fromMs, type Host } from '../host/index.ts'
import type { LogSegment } from './log-segment.ts'

/**
 * Deletes a segment. The renaming is durable on return, so whoever deletes several, the last one first, leaves no hole
 * in the log at whatever moment the power goes.
 * @param delayMs `file.delete.delay.ms`
 */
export function deleteSegment(host: Host, directory: string, segment: LogSegment, delayMs: number): void {
  deleteSegmentInTime(host, segment, delayMs)
  host.files.syncDirectory(directory)
}

/** Deletes a segment that may come back after a power loss. */
export function deleteSegmentInTime(host: Host, segment: LogSegment, delayMs: number): void {
  const renamed = segment.markDeleted()
  host.setTimer(fromMs(delayMs), 'delete-file', () => removeFiles(host, renamed))
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
