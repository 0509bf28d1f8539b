/** `trial log cat`: the records of a log as JSON lines, as a consumer would get them. */
import type { Command } from 'commander'
import type { LogRecord } from '../../src/storage/index.ts'
import { type PartitionDirectory, type ReadProblem, readRecordsOf } from '../../src/storage/inspect/index.ts'
import { ExitCode, UserError } from '../exit-code.ts'
import { withRecordFields } from './dump-json.ts'
import { decodeOffsets } from './offsets-decoder.ts'
import { type LimitOptions, printing, readCount, withLimits } from './options.ts'
import type { LineWriter } from './standard-output.ts'
import { type LogTarget, openTarget, readable } from './target.ts'

interface CatOptions extends LimitOptions {
  readonly from?: number
  readonly max?: number
  readonly control?: boolean
  readonly offsetsDecoder?: boolean
}

const examples = `
Each record is one JSON object: partition, offset, timestamp, key, value, headers. A key or value that is no UTF-8 stands
as keyBase64 or valueBase64. Compressed batches are opened. A batch with a wrong checksum is left out and told of on
standard error; the exit code is then 1.

Examples:
  trial log cat data/broker-1/orders-0
  trial log cat /var/lib/kafka/orders-0 --from 1016 --max 5
  trial log cat /var/lib/kafka | jq -r 'select(.key == "alice") | .value'
`

export function register(log: Command): void {
  withLimits(
    log
      .command('cat')
      .description('prints records as JSON lines')
      .argument('<path>', 'a .log file, a directory of a partition, or a log directory with many')
      .option('--from <offset>', 'begin with this offset', readCount)
      .option('--max <n>', 'print so many records at most', readCount)
      .option('--offsets-decoder', 'keys and values of __consumer_offsets in words')
      .option('--control', 'also transaction markers and other control records'),
  )
    .addHelpText('after', examples)
    .action((path: string, options: CatOptions) => printing((out) => cat(path, options, out)))
}

function cat(given: string, options: CatOptions, out: LineWriter): ExitCode {
  const target = openTarget(given)
  const { max = Number.MAX_SAFE_INTEGER } = options
  const decode = options.offsetsDecoder === true ? decodeOffsets : undefined
  let printed = 0
  let damaged = false
  const read = (partition: string | undefined, paths: readonly string[]): void => {
    const print = (record: LogRecord, isControl: boolean): boolean => {
      if (printed >= max) return false
      const { offset, timestamp } = record
      const fields = { partition, offset, timestamp, control: isControl ? true : undefined }
      out.line(JSON.stringify(withRecordFields(fields, decode === undefined ? record : decode(record))))
      return ++printed < max
    }
    const tell = ({ path, position, message }: ReadProblem): void => {
      damaged = true
      process.stderr.write(`trial: ${target.show(path)}: byte ${position}: ${message}\n`)
    }
    readable(given, () =>
      readRecordsOf(target.files, paths, {
        from: options.from ?? 0,
        control: options.control === true,
        entryBytesMax: options.maxEntry,
        openedBytesMax: options.maxOpened,
        record: print,
        problem: tell,
      }),
    )
  }
  for (const { partition, paths } of logsOf(target, given)) if (printed < max) read(partition, paths)
  return damaged ? ExitCode.NotHeld : ExitCode.Held
}

interface LogPaths {
  readonly partition: string | undefined
  /** Its `.log` files, oldest first. */
  readonly paths: readonly string[]
}

function logsOf(target: LogTarget, given: string): LogPaths[] {
  if (target.kind === 'file') {
    if (!target.path.endsWith('.log')) throw new UserError(`${given}: records are in .log files`)
    return [{ partition: undefined, paths: [target.path] }]
  }
  const partitions = target.kind === 'partition' ? [target.partition] : target.directory.partitions
  return partitions.map(logPathsOf)
}

const logPathsOf = ({ path, topicPartition, segments }: PartitionDirectory): LogPaths => ({
  partition: topicPartition,
  paths: segments.map(({ names }) => `${path}/${names.get('log')!}`),
})
