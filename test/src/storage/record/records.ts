/** What tests of records share: records to write, and the combinations of formats and codecs that there are. */
import fc from 'fast-check'
import type { CompressionType, LogRecord, Magic, NewRecord } from '../../../../src/storage/index.ts'

export interface Combination {
  readonly magic: Magic
  readonly compression: CompressionType
}

/** Every format with every codec that it has. */
export const combinations: readonly Combination[] = ([0, 1, 2] as const).flatMap((magic) =>
  (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)
    .filter((compression) => compression !== 'zstd' || magic === 2)
    .map((compression) => ({ magic, compression })),
)

export const combination = fc.constantFrom(...combinations)

const text = fc.string({ unit: 'grapheme-composite', maxLength: 8 })
/** Some that compress well, some that do not. */
const field = fc.option(
  fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(fc.nat(255), fc.nat(400)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
  ),
)
const timestamp = fc.oneof(fc.constant(-1), fc.nat(), fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }))
const headers = fc.array(fc.record({ key: text, value: fc.option(fc.uint8Array({ maxLength: 20 })) }), { maxLength: 3 })

export const newRecord: fc.Arbitrary<NewRecord> = fc.record({ timestamp, key: field, value: field, headers })
export const newRecords = fc.array(newRecord, { minLength: 1, maxLength: 12 })

/** What a format can say of a record. */
export const representable = (record: NewRecord, magic: Magic): NewRecord => ({
  key: record.key,
  value: record.value,
  timestamp: magic === 0 ? -1 : (record.timestamp ?? -1),
  headers: magic === 2 ? (record.headers ?? []) : [],
})

/** The records as a reader should find them. */
export const asRead = (records: readonly NewRecord[], magic: Magic, baseOffset: number): LogRecord[] =>
  records.map((record, i) => {
    const { key, value, timestamp = -1, headers = [] } = representable(record, magic)
    return { offset: baseOffset + i, timestamp, key, value, headers }
  })
