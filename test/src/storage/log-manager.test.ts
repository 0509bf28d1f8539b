import { describe, expect, it } from 'vitest'
import { Digest, FileError, fromUtf8, readFile, utf8 } from '../../../src/host/index.ts'
import { CorruptLogError, type LogManager } from '../../../src/storage/index.ts'
import { parseDirectory, problemsOf } from './parse-files.ts'
import { append, copyFiles, manager, rewrite, StorageHost, valuesOf } from './support.ts'

const CHECKPOINT = 'recovery-point-offset-checkpoint'

function started(host: StorageHost, overrides = {}): LogManager {
  const logs = manager(host, overrides)
  logs.load()
  return logs
}

/** Another life of the process on the same disk. */
function reborn(host: StorageHost): StorageHost {
  const after = new StorageHost()
  copyFiles(host.files, after.files)
  return after
}

describe('the log manager', () => {
  it('starts on an empty disk, makes logs in folders by their names and finds them again', () => {
    const host = new StorageHost()
    const logs = manager(host)
    expect(logs.load()).toEqual({ cleanShutdown: false })
    expect(logs.log('orders-0')).toBeUndefined()
    const log = logs.getOrCreate('orders-0')
    expect(logs.getOrCreate('orders-0')).toBe(log)
    expect(logs.log('orders-0')).toBe(log)
    append(log, 'a', 'b')
    logs.getOrCreate('with-dash-12')
    expect(host.files.list('')).toEqual(['orders-0', 'with-dash-12'])
    const again = started(reborn(host))
    expect(valuesOf(again.log('orders-0')!)).toEqual(['a', 'b'])
    expect(again.log('with-dash-12')!.logEndOffset).toBe(0)
  })

  it('lists logs by topic, then by partition number', () => {
    const logs = started(new StorageHost())
    for (const tp of ['b-10', 'b-9', 'a-1', 'b-0', 'a-b-0']) logs.getOrCreate(tp)
    expect([...logs.logs()].map(({ topicPartition }) => topicPartition)).toEqual(['a-1', 'a-b-0', 'b-0', 'b-9', 'b-10'])
  })

  it('after a clean shutdown leaves a marker, recovery points at the end and trimmed indexes, and scans nothing', () => {
    const host = new StorageHost()
    const logs = started(host, { 'index.interval.bytes': 0 })
    append(logs.getOrCreate('orders-0'), 'a')
    append(logs.getOrCreate('orders-0'), 'b')
    append(logs.getOrCreate('orders-1'), 'c')
    logs.shutdown()
    expect(host.files.list('')).toEqual(['.kafka_cleanshutdown', 'orders-0', 'orders-1', CHECKPOINT])
    expect(fromUtf8(readFile(host.files, CHECKPOINT))).toBe('0\n2\norders 0 2\norders 1 1\n')
    const [segment] = parseDirectory(host.files, 'orders-0')
    expect([segment!.indexBytes, segment!.index]).toEqual([8, [[1, 27]]])

    const after = reborn(host)
    const again = manager(after, { 'index.interval.bytes': 0 })
    expect(again.load()).toEqual({ cleanShutdown: true })
    expect(after.events).toEqual([
      {
        kind: 'LogLoaded',
        tp: 'orders-0',
        logStartOffset: 0,
        logEndOffset: 2,
        recovered: false,
        truncatedBytes: 0,
        segments: [0],
      },
      {
        kind: 'LogLoaded',
        tp: 'orders-1',
        logStartOffset: 0,
        logEndOffset: 1,
        recovered: false,
        truncatedBytes: 0,
        segments: [0],
      },
    ])
    expect(after.files.status('.kafka_cleanshutdown')).toBeUndefined()
    expect(again.log('orders-0')!.recoveryPoint).toBe(2)
    append(again.log('orders-0')!, 'd')
    expect(valuesOf(again.log('orders-0')!)).toEqual(['a', 'b', 'd'])
  })

  it('after a crash scans from the checkpointed recovery point on and tells what it cut', () => {
    const host = new StorageHost()
    const logs = started(host)
    const log = logs.getOrCreate('orders-0')
    append(log, 'a', 'b')
    log.flush()
    logs.checkpointRecoveryPoints()
    append(log, 'c')
    const after = reborn(host)
    rewrite(after.files, 'orders-0/00000000000000000000.log', (bytes) => bytes.subarray(0, bytes.length - 3))
    const again = manager(after)
    expect(again.load()).toEqual({ cleanShutdown: false })
    expect(after.events).toEqual([
      {
        kind: 'LogLoaded',
        tp: 'orders-0',
        logStartOffset: 0,
        logEndOffset: 2,
        recovered: true,
        truncatedBytes: 24,
        segments: [0],
      },
    ])
    expect(again.log('orders-0')!.recoveryPoint).toBe(2)
  })

  it('traces the recovery points that it writes', () => {
    const host = new StorageHost()
    const logs = started(host)
    const log = logs.getOrCreate('orders-0')
    append(log, 'a')
    log.flush()
    logs.getOrCreate('orders-1')
    logs.checkpointRecoveryPoints()
    expect(host.events.at(-1)).toEqual({
      kind: 'CheckpointWritten',
      file: CHECKPOINT,
      entries: { 'orders-0': 1, 'orders-1': 0 },
    })
  })

  it('writes the recovery points after a truncation, so that they are never above the end', () => {
    const host = new StorageHost()
    const logs = started(host)
    for (const tp of ['orders-0', 'orders-1', 'orders-2']) {
      append(logs.getOrCreate(tp), 'a', 'b', 'c')
      logs.log(tp)!.flush()
    }
    logs.truncateTo('orders-0', 1)
    expect(fromUtf8(readFile(host.files, CHECKPOINT))).toBe('0\n3\norders 0 1\norders 1 3\norders 2 3\n')
    host.events.length = 0
    logs.truncateAll(
      new Map([
        ['orders-1', 2],
        ['orders-2', 0],
        ['unknown-0', 0],
      ]),
    )
    expect(fromUtf8(readFile(host.files, CHECKPOINT))).toBe('0\n3\norders 0 1\norders 1 2\norders 2 0\n')
    expect(host.events.map(({ kind }) => kind)).toEqual(['LogTruncated', 'LogTruncated', 'CheckpointWritten'])
    logs.truncateFullyAndStartAt('orders-1', 50)
    expect(fromUtf8(readFile(host.files, CHECKPOINT))).toBe('0\n3\norders 0 1\norders 1 2\norders 2 0\n')
    expect([logs.log('orders-1')!.logStartOffset, logs.log('orders-1')!.logEndOffset]).toEqual([50, 50])
  })

  it('deletes a log with its folder, and late tasks of the log do not mind', () => {
    const host = new StorageHost()
    const logs = started(host, { 'segment.bytes': 60 })
    const log = logs.getOrCreate('orders-0')
    for (let i = 0; i < 5; i++) append(log, `v-${i + 10}`)
    log.truncateTo(1)
    expect(host.pendingTimers).toEqual(['flush-log', 'flush-log', 'delete-file', 'delete-file'])
    logs.delete('orders-0')
    logs.delete('orders-0')
    expect(host.files.list('')).toEqual([])
    expect(logs.log('orders-0')).toBeUndefined()
    host.advanceMs(100_000)
    append(logs.getOrCreate('orders-0'), 'new')
    expect(valuesOf(logs.log('orders-0')!)).toEqual(['new'])
  })

  it('passes over what is not a log', () => {
    const host = new StorageHost()
    host.files.makeDirectory('lost+found')
    host.files.makeDirectory('orders-x')
    host.files.makeDirectory('orders-00')
    host.files.makeDirectory('-1')
    rewrite(host.files, 'meta-1', () => utf8('a file'))
    const logs = started(host)
    expect([...logs.logs()]).toEqual([])
  })

  it('works in a folder below the root too', () => {
    const host = new StorageHost()
    const inFolder = () => manager(host, {}, 'data/kafka')
    const logs = inFolder()
    logs.load()
    append(logs.getOrCreate('orders-0'), 'a')
    logs.shutdown()
    expect(host.files.list('data/kafka')).toEqual(['.kafka_cleanshutdown', 'orders-0', CHECKPOINT])
    const again = inFolder()
    expect(again.load()).toEqual({ cleanShutdown: true })
    expect(valuesOf(again.log('orders-0')!)).toEqual(['a'])
  })

  it('keeps the marker when loading fails, and the logs that it had opened as they were', () => {
    const host = new StorageHost()
    const logs = started(host)
    append(logs.getOrCreate('a-0'), 'fine')
    append(logs.getOrCreate('b-0'), 'fine')
    logs.shutdown()
    const index = 'b-0/00000000000000000000.index'
    rewrite(host.files, index, () => new Uint8Array(8))
    expect(() => started(host)).toThrow(CorruptLogError)
    expect(host.files.status('.kafka_cleanshutdown')).toBeDefined()
    rewrite(host.files, index, () => new Uint8Array(0))
    const repaired = manager(host)
    expect(repaired.load()).toEqual({ cleanShutdown: true })
    expect(['a-0', 'b-0'].flatMap((tp) => valuesOf(repaired.log(tp)!))).toEqual(['fine', 'fine'])
  })

  it('leaves no marker when a log cannot be flushed', () => {
    const host = new StorageHost()
    const logs = started(host)
    append(logs.getOrCreate('a-0'), 'a')
    append(logs.getOrCreate('b-0'), 'b')
    logs.log('a-0')!.activeSegment.log.flush = () => {
      throw new FileError('EIO', 'a-0', 'cannot write')
    }
    expect(() => logs.shutdown()).toThrow(FileError)
    expect(host.files.status('.kafka_cleanshutdown')).toBeUndefined()
    const after = reborn(host)
    const again = started(after)
    expect(['a-0', 'b-0'].flatMap((tp) => valuesOf(again.log(tp)!))).toEqual(['a', 'b'])
    expect(problemsOf(parseDirectory(after.files, 'a-0'))).toEqual([])
  })

  it('has a digest that tells different states apart and equal ones not', () => {
    const digestAfter = (steps: (logs: LogManager) => void): string => {
      const digest = new Digest()
      const logs = started(new StorageHost())
      logs.getOrCreate('orders-0')
      steps(logs)
      logs.digest(digest)
      return digest.hex()
    }
    const log = (logs: LogManager) => logs.log('orders-0')!
    const digests = [
      () => {},
      (logs: LogManager) => void append(log(logs), 'a'),
      (logs: LogManager) => void append(log(logs), 'a', 'b'),
      (logs: LogManager) => {
        append(log(logs), 'a')
        log(logs).flush()
      },
      (logs: LogManager) => void logs.getOrCreate('orders-1'),
    ]
    expect(new Set(digests.map(digestAfter)).size).toBe(digests.length)
    expect(digests.map(digestAfter)).toEqual(digests.map(digestAfter))
  })
})
