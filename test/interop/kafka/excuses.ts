/**
 * Where a start of ours may end otherwise than one of Kafka. Each is a choice of ours that docs/fidelity.md names; nothing
 * else may differ.
 */
import { type FileSystem, readFile } from '../../../src/host/index.ts'
import { CorruptRecordError } from '../../../src/storage/errors.ts'
import { batchesOf } from '../../../src/storage/index.ts'
import type { Outcome } from './both-start.ts'
import type { KafkaRelease } from './kafka-jars.ts'
import { indexEntries } from './our-reading.ts'

const RELATIVE_OFFSET_MAX = 0x7fff_ffff

/** The choice that explains a difference, or undefined. */
export function excuseFor(
  files: FileSystem,
  partition: string,
  release: KafkaRelease,
  kafka: Outcome,
  ours: Outcome,
): string | undefined {
  if (kafka.refusal !== undefined && /smaller than minimum record overhead/.test(kafka.refusal)) {
    return 'zeros behind the last message, where no scan is due'
  }
  if (release === '1.1.1' && isCleanWithoutIndex(files, partition)) return 'a missing index after a clean stop'
  if (release === '1.1.1' && hasIndexBeyondLog(files, partition)) return 'an index beyond its log'
  if (kafka.refusal?.includes('Attempt to append to a full index')) return 'a rebuilt index that is full'
  if (kafka.refusal?.includes('OutOfMemoryError')) return 'a message that claims more than there is memory'
  if (ours.refusal !== undefined && /position -?\d+ in a log of|points before the file/.test(ours.refusal))
    return 'an index beyond its log'
  const segments = files.list(partition).filter((name) => /\.log(?:\.swap)?$/.test(name))
  let end: number | undefined
  for (const name of segments) {
    const base = Number(name.slice(0, 20))
    const log = readFile(files, `${partition}/${name}`)
    const offsets = lastOffsetsOf(log)
    if (offsets.some((offset) => offset < base || offset > base + RELATIVE_OFFSET_MAX)) return 'an impossible offset'
    if (end !== undefined && end !== base) return 'a hole between two segments'
    end = (offsets.at(-1) ?? base - 1) + 1
  }
  return undefined
}

function isCleanWithoutIndex(files: FileSystem, partition: string): boolean {
  if (files.status('.kafka_cleanshutdown') === undefined) return false
  const names = new Set(files.list(partition))
  // An index with this suffix makes those of its segment go before anybody looks.
  if ([...names].some((name) => name.endsWith('index.swap'))) return true
  return [...names].some((name) => name.endsWith('.log') && !names.has(name.replace('.log', '.index')))
}

function hasIndexBeyondLog(files: FileSystem, partition: string): boolean {
  const names = new Set(files.list(partition))
  return [...names]
    .filter((name) => name.endsWith('.index') && names.has(name.replace('.index', '.log')))
    .some((name) => {
      const size = readFile(files, `${partition}/${name.replace('.index', '.log')}`).length
      return indexEntries(readFile(files, `${partition}/${name}`), name).some(([, position]) => position >= size)
    })
}

/** Last offset of each entry, as far as they are whole. */
function lastOffsetsOf(log: Uint8Array): number[] {
  const found: number[] = []
  try {
    for (const batch of batchesOf(log)) {
      found.push(batch.lastOffset)
    }
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error
  }
  return found
}
