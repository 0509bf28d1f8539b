/** Transaction markers that say what none says, met when a log is recovered: Kafka's answer, and a message with the place. */
import { describe, expect, it } from 'vitest'
import { readFile, utf8 } from '../../../src/host/index.ts'
import { ErrorCode } from '../../../src/protocol/index.ts'
import {
  AppendError,
  buildRecords,
  buildTransactionMarker,
  CorruptLogError,
  type Log,
  type LogFormat,
  logFormat21,
  logFormat24,
  logFormat28,
  logFormat011,
} from '../../../src/storage/index.ts'
import { writeBatchCrc } from '../../../src/storage/record/batch-header.ts'
import { setLastOffset } from '../../../src/storage/record/rewrite-header.ts'
import { open, rewrite, StorageHost } from './support.ts'

const T = 1_700_000_000_000
const LOG = 'orders-0/00000000000000000000.log'
const GZIP = 1
const COUNT_AT = 57
const CRC_COVERS_FROM = 21

const data = (producerId: number, baseSequence: number) =>
  buildRecords([{ timestamp: T, key: null, value: utf8('v') }], {
    ...{ magic: 2, producerId, producerEpoch: 0, baseSequence, isTransactional: true },
  })
const marker = (producerId: number, type: 'abort' | 'commit' = 'abort') =>
  buildTransactionMarker({ type, coordinatorEpoch: 0, producerId, producerEpoch: 0, timestamp: T })

/** Two aborted transactions: data at 0 and 2, markers at 1 and 3. Returns where the entries begin. */
function twoAborts(log: Log): number[] {
  const positions: number[] = []
  for (const [set, origin] of [
    [data(7, 0), 'client'],
    [marker(7), 'coordinator'],
    [data(8, 0), 'client'],
    [marker(8), 'coordinator'],
  ] as const) {
    positions.push(log.size)
    log.append(set, { assignOffsets: true, origin })
  }
  return positions
}

/** A log of two aborts, of which one entry was changed behind its checksum, is opened after an unclean stop. */
function recovered(format: LogFormat, entry: number, change: (bytes: Uint8Array) => void) {
  const host = new StorageHost()
  const log = open(host, {}, { format })
  const positions = [...twoAborts(log), log.size]
  log.flush()
  const position = positions[entry]!
  rewrite(host.files, LOG, (bytes) => {
    const whole = bytes.slice(position, positions[entry + 1])
    change(whole)
    writeBatchCrc(whole, 0, whole.length)
    bytes.set(whole, position)
    return bytes
  })
  host.dropTimers()
  let log2: Log | undefined
  let error: unknown
  try {
    log2 = open(host, {}, { format })
  } catch (thrown) {
    error = thrown
  }
  return { host, log: log2, error, position }
}

const closeWithGzip = (bytes: Uint8Array): void => void (bytes[CRC_COVERS_FROM + 1]! |= GZIP)
const breakKey = (bytes: Uint8Array): void => {
  // The record: length, attributes, time, offset, length of the key, which becomes that of no key.
  bytes[COUNT_AT + 4 + 4] = 1
}

describe('a control batch that cannot be opened', () => {
  it.each([
    ['0.11', logFormat011],
    ['2.1', logFormat21],
    ['2.4', logFormat24],
  ])('keeps %s from starting, and the message says where it stands', (_, format) => {
    const { error, position } = recovered(format, 3, closeWithGzip)
    expect(error).toBeInstanceOf(CorruptLogError)
    expect(error).toMatchObject({ path: LOG, position })
    expect((error as Error).message).toMatch(/gzip/)
  })

  it('is refused by a follower, whose log stays as it is', () => {
    const log = open(new StorageHost(), {}, { format: logFormat24 })
    const set = marker(7)
    closeWithGzip(set)
    writeBatchCrc(set, 0, set.length)
    const attempt = () => log.append(set, { assignOffsets: false })
    expect(attempt).toThrow(AppendError)
    expect(attempt).toThrow(expect.objectContaining({ errorCode: ErrorCode.Unknown }))
    expect(log.logEndOffset).toBe(0)
  })
})

describe('a control record that is none', () => {
  it.each([
    ['0.11', logFormat011],
    ['2.1', logFormat21],
    ['2.4', logFormat24],
    ['2.8', logFormat28],
  ])('keeps %s from starting, and leaves the log as it is', (_, format) => {
    const { error, position, host } = recovered(format, 3, breakKey)
    expect(error).toBeInstanceOf(CorruptLogError)
    expect(error).toMatchObject({ path: LOG, position })
    expect(readFile(host.files, LOG).length).toBeGreaterThan(position)
  })
})

describe('markers out of order', () => {
  it('keep a broker from starting: no index of transactions can hold them', () => {
    // The first marker, of which only the offset is changed: the one behind it is lower then.
    const { error } = recovered(logFormat24, 1, (bytes) => setLastOffset(bytes, 0, 4106))
    expect(error).toBeInstanceOf(CorruptLogError)
    expect((error as Error).message).toMatch(/an abort marker at offset 3 after one at 4106/)
  })

  it('of transactions that began at one offset do so as well', () => {
    const { error } = recovered(logFormat24, 2, (bytes) => setLastOffset(bytes, 0, 0))
    // Producer 8 now begins where producer 7 had begun, whose transaction is over: nothing is wrong with that.
    expect(error).toBeUndefined()
    const host = new StorageHost()
    const log = open(host, {}, { format: logFormat24 })
    log.append(data(7, 0), { assignOffsets: true })
    const second = log.size
    log.append(data(8, 0), { assignOffsets: true })
    for (const id of [7, 8]) log.append(marker(id), { assignOffsets: true, origin: 'coordinator' })
    log.flush()
    rewrite(host.files, LOG, (bytes) => {
      setLastOffset(bytes, second, 0)
      return bytes
    })
    expect(() => open(host, {}, { format: logFormat24 })).toThrow(
      /a marker at offset 3 for the transaction of producer 8 at 0, which is not open/,
    )
  })
})
