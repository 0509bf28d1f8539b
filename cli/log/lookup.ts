/** `trial log lookup`: where an offset or a time stands, and how a broker finds it. */
import type { Command } from 'commander'
import {
  lookupOffset,
  lookupTimestamp,
  type OffsetLookup,
  type PartitionDirectory,
  type TimeLookup,
} from '../../src/storage/inspect/index.ts'
import { ExitCode, UserError } from '../exit-code.ts'
import { painterFor } from '../output/colour.ts'
import { withRecordFields } from './dump-json.ts'
import { foundText, LookupStory } from './lookup-text.ts'
import { type LimitOptions, printing, readCount, withLimits } from './options.ts'
import { type SettingsOptions, settingsHelp, settingsOf, withSettings } from './settings.ts'
import type { LineWriter } from './standard-output.ts'
import { type LogTarget, openTarget, readable } from './target.ts'

interface LookupOptions extends LimitOptions, SettingsOptions {
  readonly offset?: number
  readonly timestamp?: number
  readonly partition?: string
  readonly explain?: boolean
  readonly json?: boolean
}

const examples = `
With --explain the whole search is told: the segment by halving the row of their names, the index entry by halving the
index, then the bytes that are scanned. --timestamp takes milliseconds since 1970, as records have them.

${settingsHelp}
The explanation then holds the bytes scanned against log.index.interval.bytes.

Exit code 1 if nothing is found or damage is in the way.

Examples:
  trial log lookup data/broker-1/orders-0 --offset 1016 --explain
  trial log lookup /var/lib/kafka/orders-0 --timestamp 1700000000000
  trial log lookup /var/lib/kafka --partition orders-0 --offset 1016 --json
`

export function register(log: Command): void {
  withSettings(
    withLimits(
      log
        .command('lookup')
        .description('finds an offset or a time, and tells how')
        .argument('<path>', 'a directory of a partition, or a log directory with --partition')
        .option('--offset <n>', 'this offset', readCount)
        .option('--timestamp <ms>', 'the first record at or after this time', readCount)
        .option('--partition <name>', 'which one of a log directory, such as orders-0')
        .option('--explain', 'tell the search step by step')
        .option('--json', 'print one JSON object, with all steps'),
    ),
  )
    .addHelpText('after', examples)
    .action((path: string, options: LookupOptions) => printing((out) => lookup(path, options, out)))
}

function lookup(given: string, options: LookupOptions, out: LineWriter): ExitCode {
  const { offset, timestamp } = options
  if ((offset === undefined) === (timestamp === undefined)) throw new UserError('give --offset N or --timestamp MS')
  const target = openTarget(given)
  const partition = partitionOf(target, given, options.partition)
  if (partition.segments.length === 0) throw new UserError(`${given}: no segment, such as 00000000000000000000.log`)
  const limits = { entryBytesMax: options.maxEntry, openedBytesMax: options.maxOpened }
  return readable(given, () => {
    const indexInterval = settingsOf(options, target)?.['index.interval.bytes']
    if (offset === undefined) {
      const found = lookupTimestamp(target.files, partition, timestamp!, limits)
      return tell(target, found, new LookupStory(painter(), indexInterval).time(found), options, out)
    }
    const found = lookupOffset(target.files, partition, offset, limits)
    return tell(target, found, new LookupStory(painter(), indexInterval).offset(found), options, out)
  })
}

const painter = () => painterFor(process.stdout, process.env)

function tell(
  target: LogTarget,
  lookup: OffsetLookup | TimeLookup,
  story: LookupStory,
  { explain, json }: LookupOptions,
  out: LineWriter,
): ExitCode {
  const { found } = lookup
  if (json === true) {
    const shown = (key: string, value: unknown): unknown => (key === 'path' ? target.show(String(value)) : value)
    const { found: _, ...steps } = lookup
    const record = found?.record
    const plain =
      record === undefined ? null : withRecordFields({ offset: record.offset, timestamp: record.timestamp }, record)
    const place = found === undefined ? null : { path: found.path, ...found.entry, place: found.place, record: plain }
    out.line(JSON.stringify({ ...steps, found: place }, shown, 2))
  } else {
    if (explain === true) for (const line of story.lines) out.line(line)
    out.line(found === undefined ? 'not found' : foundText(found))
  }
  return found?.record === undefined ? ExitCode.NotHeld : ExitCode.Held
}

function partitionOf(target: LogTarget, given: string, name: string | undefined): PartitionDirectory {
  if (target.kind === 'file') throw new UserError(`${given}: a lookup needs the directory of a partition`)
  if (target.kind === 'partition') return target.partition
  const { partitions } = target.directory
  const names = partitions.map(({ path }) => path)
  if (name === undefined && partitions.length === 1) return partitions[0]!
  const found = partitions.find(({ path }) => path === name)
  if (found !== undefined) return found
  const list = `${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`
  throw new UserError(name === undefined ? `say which --partition: ${list}` : `no partition '${name}' here (${list})`)
}
