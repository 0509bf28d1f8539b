/**
 * A host whose callbacks end the process when the disk fails under them: ZooKeeper exits on an I/O error of its log
 * (SyncRequestProcessor, "severe unrecoverable error"), and does not start on damaged files.
 */
import { FileError, type Host } from '../../host/index.ts'
import { CorruptStorageError } from '../storage/corrupt-storage-error.ts'

export function guardHost(host: Host): Host {
  return {
    machine: host.machine,
    files: host.files,
    get tracing() {
      return host.tracing
    },
    now: () => host.now(),
    random: (purpose) => host.random(purpose),
    trace: (event) => host.trace(event),
    charge: (us) => host.charge(us),
    halt: (reason) => host.halt(reason),
    unlisten: (port) => host.unlisten(port),
    setTimer: (delayUs, tag, fire) => host.setTimer(delayUs, tag, () => haltOnDiskFailure(host, fire)),
    listen: (port, accept) =>
      host.listen(port, (connection) => {
        const handler = accept(connection)
        return {
          received: (message, from) => haltOnDiskFailure(host, () => handler.received(message, from)),
          closed: (reason, closed) => haltOnDiskFailure(host, () => handler.closed(reason, closed)),
        }
      }),
    connect: (address, handler, timeoutUs) =>
      host.connect(
        address,
        {
          opened: (connection) => haltOnDiskFailure(host, () => handler.opened?.(connection)),
          received: (message, from) => haltOnDiskFailure(host, () => handler.received(message, from)),
          closed: (reason, closed) => haltOnDiskFailure(host, () => handler.closed(reason, closed)),
        },
        timeoutUs,
      ),
  }
}

/** Runs `body`; a failure of the disk, or files that cannot be trusted, ends the process. */
export function haltOnDiskFailure(host: Host, body: () => void): void {
  try {
    body()
  } catch (error) {
    if (!(error instanceof FileError) && !(error instanceof CorruptStorageError)) throw error
    const { path, message: detail } = error
    const failure = error instanceof CorruptStorageError ? 'damaged' : error.code === 'ENOSPC' ? 'full' : 'io-error'
    if (host.tracing) host.trace({ kind: 'ZkDiskFailed', failure, path, detail })
    host.halt(`disk failure: ${detail}`)
  }
}
