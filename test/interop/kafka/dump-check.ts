/**
 * Reads a partition directory with Kafka's dump tool and with ours: what the tool complains about, and where the two
 * readings differ. The index convention changed in 2.0, so a tool of the right time must look at indexes (formats.md 3.3).
 */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Dump, type DumpedRecord, parseDump } from './dump-output.ts'
import type { KafkaJvm } from './kafka-jvm.ts'
import { indexEntriesOf, recordsOf, timeIndexEntriesOf } from './our-reading.ts'

const PRINT = ['--deep-iteration', '--print-data-log']
const HEX = ['--key-decoder-class', 'HexDecoder', '--value-decoder-class', 'HexDecoder']
/** One command line has room for so many files. */
const FILES_AT_ONCE = 50
const PROBLEMS_TOLD = 10
const TIME_INDEX_COMPLAINT = /indexed offsets are not found in the log|Indexed offset: \d+, found/

export interface DumpCheck {
  /** Empty if the tool is content and reads what we read. */
  readonly problems: string[]
  readonly records: number
  readonly indexEntries: number
  readonly timeIndexEntries: number
  /** Lines that the tool prints of snapshots and transaction indexes. */
  readonly producerLines: number
}

export interface DumpCheckOptions {
  /** Offsets of a compacted log have gaps by right. */
  readonly compacted?: boolean
  /** Kafka wrote time indexes here: a leader of 1.1 and 2.4 names another record of a batch than its tool looks for. */
  readonly writtenByKafka?: boolean
}

/** @param directory of one partition, its indexes trimmed */
export async function checkWithDumpTool(
  tool: KafkaJvm,
  directory: string,
  options: DumpCheckOptions = {},
): Promise<DumpCheck> {
  const names = readdirSync(directory).sort()
  const files = names.filter((name) => /\.(?:log|index|timeindex|snapshot|txnindex)$/.test(name))
  const indexes = files.filter((name) => /\.(?:index|timeindex)$/.test(name))
  const problems: string[] = []
  const dumps: Dump[] = []
  const plain: Dump[] = []
  for (const some of parts(files)) {
    const paths = some.map((name) => join(directory, name))
    plain.push(parseDump(await tool.dump(paths, ...PRINT, ...HEX)))
    // Not the records: whether entries as a whole are valid is said in this mode only by some releases.
    const logs = paths.filter((path) => path.endsWith('.log'))
    if (logs.length > 0) dumps.push(parseDump(await tool.dump(logs)))
  }
  for (const some of parts(indexes)) {
    const paths = some.map((name) => join(directory, name))
    dumps.push(parseDump(await tool.dump(paths, '--verify-index-only')))
    if (tool.release !== '0.8.2.2') dumps.push(parseDump(await tool.dump(paths, '--index-sanity-check')))
  }
  for (const { complaints } of [...plain, ...dumps])
    problems.push(...complaints.filter((line) => !isPermitted(line, options)))
  let records = 0
  let indexEntries = 0
  let timeIndexEntries = 0
  let producerLines = 0
  for (const { name, records: dumped, entries, lines } of plain.flatMap((dump) => dump.files)) {
    const path = join(directory, name)
    producerLines += lines.length
    if (name.endsWith('.log')) {
      const ours = recordsOf(path)
      records += ours.length
      problems.push(...differences(name, dumped, ours))
      for (const { offset, crcValid } of ours) if (!crcValid) problems.push(`${name}: we find offset ${offset} invalid`)
    } else if (name.endsWith('index') && !name.endsWith('txnindex')) {
      const ours = name.endsWith('.timeindex') ? timeIndexEntriesOf(path) : indexEntriesOf(path)
      if (name.endsWith('.timeindex')) timeIndexEntries += ours.length
      indexEntries += ours.length
      if (JSON.stringify(entries) !== JSON.stringify(ours)) {
        problems.push(`${name}: entries ${JSON.stringify(entries)}, read by us as ${JSON.stringify(ours)}`)
      }
    }
  }
  const told = problems.slice(0, PROBLEMS_TOLD).map((line) => `${basename(directory)}: ${line}`)
  return { problems: told, records, indexEntries, timeIndexEntries, producerLines }
}

function differences(name: string, dumped: readonly DumpedRecord[], ours: readonly DumpedRecord[]): string[] {
  const found: string[] = []
  if (dumped.length !== ours.length) found.push(`${name}: ${dumped.length} records, read by us as ${ours.length}`)
  dumped.forEach((theirs, i) => {
    const our = ours[i]
    if (our === undefined) return
    const { crcValid: _, ...rest } = our as DumpedRecord & { readonly crcValid?: boolean }
    const same = { ...rest }
    if (theirs.timestamp === undefined) Object.assign(same, { timestamp: undefined })
    if (theirs.key === undefined) Object.assign(same, { key: undefined })
    if (JSON.stringify(sorted(theirs)) !== JSON.stringify(sorted(same))) {
      found.push(`${name}: ${JSON.stringify(theirs)}, read by us as ${JSON.stringify(same)}`)
    }
  })
  return found
}

const sorted = ({ offset, position, key, value, timestamp }: DumpedRecord): unknown[] => [
  offset,
  position,
  key,
  value,
  timestamp,
]

function isPermitted(line: string, options: DumpCheckOptions): boolean {
  if (options.writtenByKafka === true && TIME_INDEX_COMPLAINT.test(line)) return true
  return (
    options.compacted === true &&
    (/^Non-?(?:con)?secutive offsets in/.test(line) || /^ +\d+ is followed by \d+$/.test(line))
  )
}

function parts<T>(list: readonly T[]): T[][] {
  const found: T[][] = []
  for (let at = 0; at < list.length; at += FILES_AT_ONCE) found.push(list.slice(at, at + FILES_AT_ONCE))
  return found
}
