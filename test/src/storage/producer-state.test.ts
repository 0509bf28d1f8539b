/** What a log remembers of idempotent producers and transactions (KIP-98), through the log that they write to. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import { readFile, utf8 } from '../../../src/host/index.ts'
import { ErrorCode } from '../../../src/protocol/index.ts'
import {
  AppendError,
  buildRecords,
  buildTransactionMarker,
  CorruptLogError,
  type Log,
  type LogFormat,
  logFormat11,
  logFormat20,
  logFormat24,
  logFormat28,
  logFormat011,
  readSnapshot,
} from '../../../src/storage/index.ts'
import { encodeSnapshot } from '../../../src/storage/producer-state/snapshot.ts'
import vectors from '../../fixtures/kafka-vectors.json' with { type: 'json' }
import { bytesToHex, copyFiles, hexToBytes, manager, open, rewrite, StorageHost } from './support.ts'

const T = 1_700_000_000_000
const stem = (offset: number): string => String(offset).padStart(20, '0')

interface From {
  readonly id?: number
  readonly epoch?: number
  readonly sequence: number
  readonly count?: number
  readonly transactional?: boolean
}

function batch({ id = 7, epoch = 0, sequence, count = 1, transactional = false }: From): Uint8Array {
  const records = Array.from({ length: count }, () => ({ timestamp: T, key: null, value: utf8('v') }))
  const origin = { producerId: id, producerEpoch: epoch, baseSequence: sequence, isTransactional: transactional }
  return buildRecords(records, { magic: 2, ...origin })
}

const send = (log: Log, from: From) => log.append(batch(from), { assignOffsets: true })

function refusal(log: Log, from: From): string {
  const before = log.logEndOffset
  try {
    send(log, from)
  } catch (error) {
    if (!(error instanceof AppendError)) throw error
    expect(log.logEndOffset).toBe(before)
    return Object.entries(ErrorCode).find(([, code]) => code === error.errorCode)![0]
  }
  return 'none'
}

function end(log: Log, type: 'commit' | 'abort', options: { id?: number; epoch?: number; coordinator?: number } = {}) {
  const { id = 7, epoch = 0, coordinator = 0 } = options
  const marker = buildTransactionMarker({
    type,
    coordinatorEpoch: coordinator,
    producerId: id,
    producerEpoch: epoch,
    timestamp: T,
  })
  return log.append(marker, { assignOffsets: true, origin: 'coordinator' })
}

const logOf = (format: LogFormat = logFormat24, host = new StorageHost()): Log => open(host, {}, { format })

function crashed(host: StorageHost): StorageHost {
  const after = new StorageHost()
  copyFiles(host.files, after.files)
  return after
}

describe('an idempotent producer', () => {
  it('must send its batches in sequence, each once', () => {
    const log = logOf()
    send(log, { sequence: 0, count: 3 })
    send(log, { sequence: 3 })
    expect(refusal(log, { sequence: 5 })).toBe('OutOfOrderSequenceNumber')
    expect(refusal(log, { sequence: 2 })).toBe('OutOfOrderSequenceNumber')
    expect(refusal(log, { sequence: 4, count: 2 })).toBe('none')
    expect(log.logEndOffset).toBe(6)
  })

  it('is told where a batch is that it sends again, and nothing is written', () => {
    const log = logOf()
    for (let i = 0; i < 6; i++) send(log, { sequence: 2 * i, count: 2 })
    for (let i = 1; i < 6; i++) {
      const again = send(log, { sequence: 2 * i, count: 2 })
      expect(again).toMatchObject({ firstOffset: 2 * i, lastOffset: 2 * i + 1, isDuplicate: true, bytes: 0 })
    }
    expect(refusal(log, { sequence: 0, count: 2 })).toBe('OutOfOrderSequenceNumber')
    expect(log.logEndOffset).toBe(12)
  })

  it('has one batch remembered in 0.11, five since 1.0', () => {
    const remembered = (format: LogFormat): number => {
      const log = logOf(format)
      for (let i = 0; i < 8; i++) send(log, { sequence: i })
      return [7, 6, 5, 4, 3, 2, 1, 0].filter((sequence) => refusal(log, { sequence }) === 'none').length
    }
    expect(remembered(logFormat011)).toBe(1)
    expect(remembered(logFormat11)).toBe(5)
    expect(remembered(logFormat24)).toBe(5)
  })

  it('begins at sequence 0: a log that does not know it says so since 1.0', () => {
    expect(refusal(logOf(logFormat011), { sequence: 4 })).toBe('OutOfOrderSequenceNumber')
    expect(refusal(logOf(logFormat11), { sequence: 4 })).toBe('UnknownProducerId')
  })

  it('begins anew with each epoch, and is fenced by a later one', () => {
    const log = logOf()
    send(log, { sequence: 0 })
    expect(refusal(log, { epoch: 1, sequence: 1 })).toBe('OutOfOrderSequenceNumber')
    expect(refusal(log, { epoch: 1, sequence: 0 })).toBe('none')
    expect(refusal(log, { epoch: 0, sequence: 1 })).toBe('InvalidProducerEpoch')
  })

  it('goes on at 0 after the largest sequence', () => {
    const log = logOf()
    log.append(
      buildRecords([{ key: null, value: null }], {
        magic: 2,
        producerId: 7,
        producerEpoch: 0,
        baseSequence: 0x7fff_fffe,
        baseOffset: 0,
      }),
      { assignOffsets: false },
    )
    expect(refusal(log, { sequence: 0x7fff_ffff, count: 2 })).toBe('none')
    expect(refusal(log, { sequence: 0 })).toBe('OutOfOrderSequenceNumber')
    expect(refusal(log, { sequence: 1 })).toBe('none')
  })

  it('is not checked by a follower, nor its sequence by a coordinator', () => {
    const log = logOf()
    send(log, { sequence: 0 })
    expect(log.append(batch({ sequence: 9 }), { assignOffsets: true, origin: 'coordinator' }).firstOffset).toBe(1)
    const late = buildRecords([{ key: null, value: null }], {
      magic: 2,
      producerId: 7,
      producerEpoch: 0,
      baseSequence: 3,
      baseOffset: 2,
    })
    expect(log.append(late, { assignOffsets: false }).firstOffset).toBe(2)
  })

  it('is forgotten with the last of its records, up to 2.3', () => {
    const refusalAfter = (format: LogFormat): string => {
      const log = open(new StorageHost(), { 'segment.bytes': 100 }, { format })
      send(log, { sequence: 0 })
      send(log, { id: 8, sequence: 0 })
      log.updateHighWatermark(2)
      log.startAt(1)
      return refusal(log, { sequence: 1 })
    }
    expect(refusalAfter(logFormat20)).toBe('UnknownProducerId')
    expect(refusalAfter(logFormat24)).toBe('none')
  })

  it('is forgotten after a week of silence, unless it has a transaction open', () => {
    const host = new StorageHost()
    const log = logOf(logFormat24, host)
    send(log, { id: 1, sequence: 0 })
    send(log, { id: 2, sequence: 0, transactional: true })
    const day = 86_400_000
    log.producerState!.removeExpiredProducers(T + 7 * day - 1)
    expect(log.producerState!.activeProducers).toHaveLength(2)
    log.producerState!.removeExpiredProducers(T + 7 * day)
    expect(log.producerState!.activeProducers.map(({ producerId }) => producerId)).toEqual([2])
  })
})

describe('a transaction', () => {
  it('holds back readers of committed data from its first record until its marker is replicated', () => {
    const log = logOf()
    send(log, { id: 9, sequence: 0 })
    expect(log.firstUnstableOffset).toBeUndefined()
    send(log, { sequence: 0, transactional: true })
    send(log, { id: 8, sequence: 0, transactional: true })
    expect(log.firstUnstableOffset).toBe(1)
    end(log, 'commit')
    expect(log.firstUnstableOffset).toBe(1)
    log.updateHighWatermark(3)
    expect(log.firstUnstableOffset).toBe(1)
    log.updateHighWatermark(4)
    expect(log.firstUnstableOffset).toBe(2)
    end(log, 'abort', { id: 8 })
    log.updateHighWatermark(5)
    expect(log.firstUnstableOffset).toBeUndefined()
  })

  it('that was aborted is in the index of the segment with its marker, with the last stable offset', () => {
    const host = new StorageHost()
    const log = logOf(logFormat24, host)
    const path = `orders-0/${stem(0)}.txnindex`
    send(log, { id: 1, sequence: 0, transactional: true })
    send(log, { id: 2, sequence: 0, transactional: true })
    end(log, 'commit', { id: 1 })
    expect(host.files.status(path)).toBeUndefined()
    end(log, 'abort', { id: 2 })
    send(log, { id: 1, sequence: 1, transactional: true })
    send(log, { id: 2, sequence: 1, transactional: true })
    end(log, 'abort', { id: 2 })
    const first = { producerId: 2, firstOffset: 1, lastOffset: 3, lastStableOffset: 4 }
    const second = { producerId: 2, firstOffset: 5, lastOffset: 6, lastStableOffset: 4 }
    expect(log.segments[0]!.transactionIndex!.transactions).toEqual([first, second])
    expect(bytesToHex(readFile(host.files, path).subarray(0, 34))).toBe(
      ['0000', '0000000000000002', '0000000000000001', '0000000000000003', '0000000000000004'].join(''),
    )
    expect(log.abortedTransactions(0, 2)).toEqual([first])
    expect(log.abortedTransactions(0, 1)).toEqual([])
    expect(log.abortedTransactions(4, 9)).toEqual([second])
    log.truncateTo(6)
    expect(log.abortedTransactions(0, 9)).toEqual([first])
    log.updateHighWatermark(6)
    expect(log.firstUnstableOffset).toBe(4)
  })

  it('is looked for in later segments until nothing before the end is undecided', () => {
    const log = open(new StorageHost(), { 'segment.bytes': 160 }, { format: logFormat24 })
    send(log, { id: 1, sequence: 0, transactional: true })
    for (let i = 0; i < 6; i++) send(log, { id: 2, sequence: i })
    end(log, 'abort', { id: 1 })
    expect(log.segments.length).toBeGreaterThan(2)
    expect(log.abortedTransactions(0, 1).map(({ producerId }) => producerId)).toEqual([1])
  })

  it('is not mixed with records outside of it', () => {
    const log = logOf()
    send(log, { sequence: 0, transactional: true })
    expect(refusal(log, { sequence: 1 })).toBe('InvalidTxnState')
    end(log, 'commit')
    expect(refusal(log, { sequence: 1 })).toBe('none')
  })

  it('is not ended by an old coordinator or for an old epoch', () => {
    const log = logOf()
    send(log, { epoch: 3, sequence: 0, transactional: true })
    end(log, 'commit', { epoch: 3, coordinator: 5 })
    expect(() => end(log, 'commit', { epoch: 3, coordinator: 4 })).toThrow(/coordinator epoch 4/)
    expect(() => end(log, 'commit', { epoch: 2, coordinator: 5 })).toThrow(/epoch 2/)
    // A marker may be the first that is seen of an epoch, and fences the old one.
    end(log, 'abort', { epoch: 4, coordinator: 5 })
    expect(refusal(log, { epoch: 3, sequence: 1 })).toBe('InvalidProducerEpoch')
    expect(refusal(log, { epoch: 4, sequence: 1 })).toBe('UnknownProducerId')
    expect(refusal(log, { epoch: 4, sequence: 0 })).toBe('none')
  })
})

describe('snapshots of producers', () => {
  it.each([
    ['2.4', logFormat24, [8, 10, 11]],
    ['2.8, which keep one for each segment', logFormat28, [2, 4, 6, 8, 10, 11]],
  ] as const)('that no start would begin with go with a checkpoint, up to %s', (_, format, kept) => {
    const host = new StorageHost()
    const logs = manager(host, { 'segment.bytes': 200 }, '', { logFormat: () => format })
    logs.load()
    const log = logs.getOrCreate('orders-0')
    for (let sequence = 0; sequence < 11; sequence++) send(log, { sequence })
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 4, 6, 8, 10])
    const snapshots = () => log.producerState!.snapshotOffsets()
    const before = snapshots()
    // Nothing is flushed: recovery would begin with the first segment.
    logs.checkpointRecoveryPoints()
    expect(snapshots()).toEqual(before)
    log.flush(5)
    logs.checkpointRecoveryPoints()
    expect(snapshots()).toEqual(format === logFormat24 ? [4, 6, 8, 10] : before)
    logs.shutdown()
    expect(snapshots()).toEqual(kept)
  })

  it('have the bytes that Kafka writes', () => {
    const files = new MemoryFileSystem()
    const { hex } = vectors.producer_snapshot
    rewrite(files, '00000000000000000042.snapshot', () => hexToBytes(hex))
    const producers = readSnapshot(files, '00000000000000000042.snapshot')
    expect(producers.length).toBeGreaterThan(0)
    expect(bytesToHex(encodeSnapshot(producers))).toBe(hex)
  })

  it('are refused where a byte is wrong or missing', () => {
    const files = new MemoryFileSystem()
    const bytes = hexToBytes(vectors.producer_snapshot.hex)
    const read = (changed: Uint8Array) => {
      rewrite(files, 's', () => changed)
      return () => readSnapshot(files, 's')
    }
    for (let at = 0; at < bytes.length; at++) {
      expect(read(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))), `byte ${at}`).toThrow(CorruptLogError)
      expect(read(bytes.subarray(0, at))).toThrow(CorruptLogError)
    }
  })

  it('are taken when a segment is rolled and when the log is closed, and old ones go with the segments', () => {
    const host = new StorageHost()
    const config = { 'segment.bytes': 160, 'retention.bytes': 0 }
    const log = open(host, config, { format: logFormat24 })
    for (let i = 0; i < 6; i++) send(log, { sequence: i })
    const snapshots = () => host.files.list('orders-0').filter((name) => name.endsWith('.snapshot'))
    expect(snapshots()).toEqual(log.segments.slice(1).map(({ baseOffset }) => `${stem(baseOffset)}.snapshot`))
    log.close()
    expect(snapshots().at(-1)).toBe(`${stem(6)}.snapshot`)
    const again = open(host, config, { format: logFormat24, cleanShutdown: true })
    again.updateHighWatermark(again.activeSegment.baseOffset)
    again.deleteOldSegments()
    expect(snapshots()[0]).toBe(`${stem(again.logStartOffset)}.snapshot`)
  })

  it('or the lack of them change nothing that is known after a crash, a cut or a clean stop', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), id: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), id: fc.integer({ min: 4, max: 6 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('commit' as const), id: fc.integer({ min: 4, max: 6 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), id: fc.integer({ min: 4, max: 6 }) }) },
    )
    const config = { 'segment.bytes': 300, 'index.interval.bytes': 100 }
    const format = logFormat24
    const known = (log: Log) => ({
      end: log.logEndOffset,
      unstable: log.firstUnstableOffset,
      aborted: log.abortedTransactions(0, log.logEndOffset),
      producers: log
        .producerState!.activeProducers.map(({ producerId, producerEpoch, lastSequence, currentTxnFirstOffset }) => [
          producerId,
          producerEpoch,
          lastSequence,
          currentTxnFirstOffset,
        ])
        .sort(([a], [b]) => a! - b!),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(1000), (steps, permille) => {
        const host = new StorageHost()
        const log = open(host, config, { format })
        const next = new Map<number, number>()
        const open_ = new Set<number>()
        /** What was known at each offset, with everything replicated. */
        const history = new Map([[0, known(log)]])
        for (const { do: what, id } of steps) {
          if (what === 'send' || what === 'write') {
            const sequence = next.get(id) ?? 0
            send(log, { id, sequence, transactional: what === 'write' })
            next.set(id, sequence + 1)
            if (what === 'write') open_.add(id)
          } else if (open_.delete(id)) {
            end(log, what, { id })
          }
          log.updateHighWatermark(log.logEndOffset)
          history.set(log.logEndOffset, known(log))
        }
        const check = (found: Log): void => {
          found.updateHighWatermark(found.logEndOffset)
          expect(known(found)).toEqual(history.get(found.logEndOffset))
        }
        check(open(crashed(host), config, { format }))
        const without = crashed(host)
        for (const name of without.files.list('orders-0')) {
          if (name.endsWith('.snapshot')) rewrite(without.files, `orders-0/${name}`, (bytes) => bytes.subarray(0, 20))
        }
        check(open(without, config, { format }))
        log.close()
        const stopped = open(crashed(host), config, { format, cleanShutdown: true })
        check(stopped)
        stopped.truncateTo(Math.floor((stopped.logEndOffset * permille) / 1000))
        check(stopped)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a duplicate that would make a segment roll', () => {
  it.each([
    ['up to 2.3 is found before that', logFormat20, [0]],
    ['since 2.4 is found when that is done', logFormat24, [0, 2]],
  ] as const)('%s', (_, format, baseOffsets) => {
    const size = batch({ sequence: 0 }).length
    const log = open(new StorageHost(), { 'segment.bytes': 2 * size }, { format })
    send(log, { sequence: 0 })
    send(log, { sequence: 1 })
    expect(send(log, { sequence: 1 })).toMatchObject({ isDuplicate: true, lastOffset: 1 })
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual(baseOffsets)
    send(log, { sequence: 2 })
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 2])
    expect(log.logEndOffset).toBe(3)
  })
})

describe('a start on a log that has snapshots', () => {
  /** Stopped in order; two segments, the second from offset 2 on, which begins with the only snapshot. */
  const twoSegments = (format: LogFormat): StorageHost => {
    const host = new StorageHost()
    const log = open(host, { 'segment.bytes': 2 * batch({ sequence: 0 }).length }, { format })
    for (let sequence = 0; sequence < 3; sequence++) send(log, { sequence })
    log.close()
    host.files.removeFile(`orders-0/${stem(3)}.snapshot`)
    expect(log.producerState!.snapshotOffsets()).toEqual([2])
    return host
  }

  it.each([
    ['up to 1.1 writes one as it ends, no sooner', logFormat11, [2], [2, 3]],
    ['from 2.0 on writes another at the end of the log', logFormat20, [2, 3], [2, 3]],
  ] as const)('%s', (_, format, afterStart, afterStop) => {
    const log = open(twoSegments(format), {}, { format, recoveryPoint: 3, cleanShutdown: true })
    expect(log.producerState!.snapshotOffsets()).toEqual(afterStart)
    log.close()
    expect(log.producerState!.snapshotOffsets()).toEqual(afterStop)
  })

  it.each([
    ['up to 1.1 reads them although the topic has format 1', logFormat11, [7]],
    ['from 2.0 on does not if the topic has format 1', logFormat20, []],
  ] as const)('%s', (_, format, known) => {
    const host = twoSegments(format)
    const log = open(host, {}, { format: { ...format, magic: 1 }, recoveryPoint: 3, cleanShutdown: true })
    expect(log.producerState!.activeProducers.map(({ producerId }) => producerId)).toEqual(known)
  })
})

describe('a scan that begins behind the last snapshot', () => {
  it.each([
    ['up to 2.7 takes an open transaction for one that begins behind it', logFormat24, 3],
    ['from 2.8 on knows what was open at the snapshot', logFormat28, 0],
  ] as const)('%s', (_, format, firstOffset) => {
    const host = new StorageHost()
    const log = open(host, { 'segment.bytes': 2 * batch({ sequence: 0 }).length }, { format })
    for (let sequence = 0; sequence < 5; sequence++) {
      // The second segment has a batch of somebody else first, so that its base is not where the transaction seems to begin.
      if (sequence === 2) send(log, { id: 8, sequence: 0 })
      else send(log, { sequence: Math.min(sequence, sequence > 2 ? sequence - 1 : sequence), transactional: true })
    }
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 4])
    expect(log.producerState!.entryOf(7)!.currentTxnFirstOffset).toBe(0)
    const after = crashed(host)
    after.files.removeFile(`orders-0/${stem(4)}.snapshot`)
    const again = open(after, {}, { format, recoveryPoint: 4 })
    expect(again.producerState!.entryOf(7)!.currentTxnFirstOffset).toBe(firstOffset)
  })
})
