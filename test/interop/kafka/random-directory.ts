/**
 * Random lives of a log under our engine: appends as leader and as follower, flushes, truncations, kills with torn files,
 * recoveries, orderly restarts. At the end the directory has been shut down in order, so that its indexes are trimmed.
 */
import fc from 'fast-check'
import type { TopicConfig } from '../../../src/config/index.ts'
import {
  batchesOf,
  buildRecords,
  buildTransactionMarker,
  type CompressionType,
  type Log,
  type LogFormat,
  type LogManager,
  type Magic,
  type NewRecord,
} from '../../../src/storage/index.ts'
import { newRecords, representable } from '../../src/storage/record/records.ts'
import { copyFiles, rewrite, StorageHost } from '../../src/storage/support.ts'
import { ourManager } from './our-disk.ts'

export const PARTITION = 'orders-0'

const OFFSET_BYTES = 8
/** The one producer with an id that has no transactions. */
const IDEMPOTENT = 1

type Step =
  | { readonly do: 'append'; readonly records: readonly NewRecord[]; readonly codec: CompressionType }
  | {
      readonly do: 'follow'
      readonly records: readonly NewRecord[]
      readonly codec: CompressionType
      readonly magic: Magic
    }
  /** A batch of an idempotent or transactional producer, as a follower gets it: format 2 only. */
  | { readonly do: 'produce'; readonly producerId: number; readonly records: readonly NewRecord[] }
  /** A marker, whether or not a transaction is open. */
  | { readonly do: 'end'; readonly producerId: number; readonly type: 'commit' | 'abort' }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'flush' }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'truncate'; readonly permille: number }
  | { readonly do: 'start-at'; readonly ahead: number }
  | { readonly do: 'restart' }
  | { readonly do: 'kill'; readonly tornBytes: number; readonly flippedBit: number | undefined }

export interface Life {
  readonly config: Partial<TopicConfig>
  readonly steps: readonly Step[]
}

/** @param codecs that the release has */
export function lifeOf(format: LogFormat, codecs: readonly CompressionType[]): fc.Arbitrary<Life> {
  const codec = fc.constantFrom(...codecs)
  const append = fc.record({ do: fc.constant('append' as const), records: newRecords, codec })
  const magic = fc.integer({ min: 0, max: format.magic }) as fc.Arbitrary<Magic>
  const follow = fc.record({ do: fc.constant('follow' as const), records: newRecords, codec, magic })
  const kill = fc.record({
    do: fc.constant('kill' as const),
    tornBytes: fc.nat(600),
    flippedBit: fc.option(fc.nat(100_000), { nil: undefined }),
  })
  const producerId = fc.integer({ min: 1, max: 3 })
  const produce = fc.record({ do: fc.constant('produce' as const), producerId, records: newRecords })
  const type = fc.constantFrom('commit' as const, 'abort' as const)
  const transactional = producerId.filter((id) => id !== IDEMPOTENT)
  const end = fc.record({ do: fc.constant('end' as const), producerId: transactional, type })
  const ofFormat2 = [
    { weight: 5, arbitrary: produce },
    { weight: 3, arbitrary: end },
  ]
  const steps = fc.array(
    fc.oneof(
      { weight: 16, arbitrary: append },
      { weight: 6, arbitrary: follow },
      ...(format.magic === 2 ? ofFormat2 : []),
      { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3000) }) },
      { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'checkpoint' as const }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), permille: fc.nat(1000) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('start-at' as const), ahead: fc.nat(50) }) },
      { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
      { weight: 2, arbitrary: kill },
    ),
    { minLength: 5, maxLength: 40, size: 'max' },
  )
  const config = fc.record({
    'segment.bytes': fc.integer({ min: 8000, max: 20_000 }),
    'segment.ms': fc.integer({ min: 2000, max: 20_000 }),
    'index.interval.bytes': fc.constantFrom(0, 100, 1000, 4096),
    'segment.index.bytes': fc.integer({ min: 80, max: 1000 }),
  })
  return fc.record({ config, steps })
}

/** Plays a life; then the broker is shut down in order, or the files are as a kill leaves them. */
export function play(life: Life, format: LogFormat, end: 'shutdown' | 'kill' = 'shutdown'): StorageHost {
  let host = new StorageHost()
  let manager = started(host, life, format)
  const sequences = new Map<number, number>()
  for (const step of life.steps) {
    const log = manager.getOrCreate(PARTITION)
    switch (step.do) {
      case 'append':
        log.append(
          buildRecords(sayable(step.records, format.magic), { magic: format.magic, compression: step.codec }),
          {
            assignOffsets: true,
            partitionLeaderEpoch: 0,
          },
        )
        break
      case 'follow': {
        const compression = step.magic < 2 && step.codec === 'zstd' ? 'none' : step.codec
        const options = { magic: step.magic, compression, baseOffset: log.logEndOffset }
        const epoch = step.magic === 2 ? { partitionLeaderEpoch: 0 } : {}
        const { codecs } = format
        log.append(buildRecords(sayable(step.records, step.magic), { ...options, ...epoch, codecs }), {
          assignOffsets: false,
        })
        break
      }
      case 'produce': {
        const { producerId } = step
        const isTransactional = producerId !== IDEMPOTENT
        const baseSequence = sequences.get(producerId) ?? 0
        sequences.set(producerId, baseSequence + step.records.length)
        const origin = { producerId, producerEpoch: 0, baseSequence, isTransactional, partitionLeaderEpoch: 0 }
        const records = sayable(step.records, 2)
        log.append(buildRecords(records, { magic: 2, baseOffset: log.logEndOffset, ...origin }), {
          assignOffsets: false,
        })
        break
      }
      case 'end': {
        const { producerId, type } = step
        const timestamp = Math.floor(host.nowUs / 1000)
        const origin = { producerId, producerEpoch: 0, coordinatorEpoch: 0, partitionLeaderEpoch: 0 }
        const marker = buildTransactionMarker({ type, ...origin, timestamp, baseOffset: log.logEndOffset })
        log.append(marker, { assignOffsets: false })
        break
      }
      case 'wait':
        host.advanceMs(step.ms)
        break
      case 'flush':
        log.flush()
        break
      case 'checkpoint':
        manager.checkpointRecoveryPoints()
        break
      case 'truncate':
        manager.truncateTo(PARTITION, offsetAt(log, step.permille))
        break
      case 'start-at':
        manager.truncateFullyAndStartAt(PARTITION, log.logEndOffset + step.ahead)
        break
      case 'restart':
        manager.shutdown()
        host = after(host)
        manager = started(host, life, format)
        break
      case 'kill':
        host = after(host)
        damage(host, log, step.tornBytes, step.flippedBit)
        manager = started(host, life, format)
        break
    }
  }
  if (end === 'shutdown') manager.shutdown()
  return after(host)
}

function started(host: StorageHost, life: Life, format: LogFormat): LogManager {
  const manager = ourManager(host, format, life.config)
  manager.load()
  return manager
}

/** What the process leaves, for the next one. */
function after(host: StorageHost): StorageHost {
  const next = new StorageHost()
  next.nowUs = host.nowUs
  copyFiles(host.files, next.files)
  return next
}

/** The border of a batch: a cut inside one, which no high watermark ever asks for, leaves a gap, as in Kafka. */
function offsetAt(log: Log, permille: number): number {
  const offset = log.logStartOffset + Math.floor(((log.logEndOffset - log.logStartOffset) * permille) / 1000)
  const [batch] = batchesOf(log.read(offset, Number.MAX_SAFE_INTEGER).records)
  return batch === undefined ? offset : batch.records()[0]!.offset
}

/** Cuts the last log file somewhere behind the recovery point, or turns a bit there that a checksum watches. */
function damage(host: StorageHost, log: Log, tornBytes: number, flippedBit: number | undefined): void {
  const { activeSegment } = log
  const safe = log.recoveryPoint <= activeSegment.baseOffset ? 0 : activeSegment.positionOf(log.recoveryPoint)
  const from = safe < 0 ? activeSegment.size : safe
  rewrite(host.files, activeSegment.log.path, (bytes) => {
    const left = bytes.slice(0, Math.max(from, bytes.length - tornBytes))
    if (flippedBit === undefined) return left
    const entries = [...batchesOf(left)].filter(({ position }) => position >= from)
    const entry = entries[flippedBit % Math.max(1, entries.length)]
    if (entry === undefined) return left
    const bit = flippedBit % ((entry.size - OFFSET_BYTES) * 8)
    const at = entry.position + OFFSET_BYTES + (bit >> 3)
    // The leader epoch of format 2, like the offset, is outside the checksum.
    if (entry.magic < 2 || at - entry.position < 12 || at - entry.position >= 16) left[at]! ^= 1 << (bit & 7)
    return left
  })
}

/** Header keys are printed as they are: none that would break a line. */
const sayable = (records: readonly NewRecord[], magic: Magic): NewRecord[] =>
  records.map((record) => {
    const said = representable(record, magic)
    return { ...said, headers: (said.headers ?? []).map(({ key, value }) => ({ key: `h${key.length}`, value })) }
  })
