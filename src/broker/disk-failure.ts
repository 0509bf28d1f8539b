/**
 * What a broker does when its disk fails. Where 0.8.2 throws `KafkaStorageException` (an append, a deletion) or says so
 * itself (the high watermark checkpoint) it halts; anywhere else the failure is an error like others, and it goes on.
 */
import { FileError, type Host } from '../host/index.ts'
import { LogError } from '../storage/index.ts'

/** Runs something whose failure at the disk ends the broker. */
export function withDisk<T>(host: Host, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (error instanceof FileError) host.halt(`unrecoverable I/O error: ${error.message}`)
    throw error
  }
}

/** The disk failed, or a file of a log is damaged. */
export const isDiskFailure = (error: unknown): error is FileError | LogError =>
  error instanceof FileError || error instanceof LogError
