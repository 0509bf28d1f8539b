/** `trial log dump`: what the files of a log hold, like `kafka-dump-log`. */
import type { Command } from 'commander'
import { FileError } from '../../src/host/index.ts'
import { type DumpItem, dumpFile, type PartitionDirectory } from '../../src/storage/inspect/index.ts'
import { ExitCode, UserError } from '../exit-code.ts'
import { dumpObject } from './dump-json.ts'
import { dumpLine } from './dump-text.ts'
import { type Decoder, decodeOffsets } from './offsets-decoder.ts'
import { type LimitOptions, printing, withLimits } from './options.ts'
import type { LineWriter } from './standard-output.ts'
import { type LogTarget, openTarget, readable, refusal } from './target.ts'

interface DumpOptions extends LimitOptions {
  readonly deep?: boolean
  readonly printData?: boolean
  readonly offsetsDecoder?: boolean
  readonly json?: boolean
}

const examples = `
One line an item, worded as by Kafka's own tool; with --json one object a line. A batch whose checksum is wrong says
"isvalid: false". Exit code 1 if anything is damaged, 2 if something cannot be read.

Examples:
  trial log dump data/broker-1/orders-0/00000000000000000000.log
  trial log dump data/broker-1/orders-0 --deep --print-data
  trial log dump data/broker-1/__consumer_offsets-4 --offsets-decoder
  trial log dump /var/lib/kafka/orders-0 --json | jq 'select(.kind == "batch") | .size'
  trial log dump /var/lib/kafka/recovery-point-offset-checkpoint
`

export function register(log: Command): void {
  withLimits(
    log
      .command('dump')
      .description('prints batches, index entries, producer snapshots and checkpoints')
      .argument('<path>', 'a file of a log, a directory of a partition, or a log directory with many')
      .option('--deep', 'also the records in each batch, decompressed')
      .option('--print-data', 'also keys, values and headers (implies --deep)')
      .option('--offsets-decoder', 'also keys and values of __consumer_offsets, in words (implies --deep)')
      .option('--json', 'one JSON object a line'),
  )
    .addHelpText('after', examples)
    .action((path: string, options: DumpOptions) => printing((out) => dump(path, options, out)))
}

function dump(given: string, options: DumpOptions, out: LineWriter): ExitCode {
  const target = openTarget(given)
  const data = options.offsetsDecoder === true ? decodeOffsets : options.printData === true ? asTheyAre : undefined
  const deep = options.deep === true || data !== undefined
  const { maxEntry: entryBytesMax, maxOpened: openedBytesMax } = options
  let code: ExitCode = ExitCode.Held
  const sink = (item: DumpItem): void => {
    if (code === ExitCode.Held && isDamage(item)) code = ExitCode.NotHeld
    out.line(
      options.json === true ? JSON.stringify(dumpObject(item, target.show, data)) : dumpLine(item, target.show, data),
    )
  }
  const paths = pathsOf(target)
  for (const path of paths) {
    try {
      const known = dumpFile(target.files, path, { deep, entryBytesMax, openedBytesMax }, sink)
      if (!known) throw new UserError(`${given}: no file of a log by its name (such as 00000000000000000000.log)`)
    } catch (error) {
      const message = error instanceof FileError ? refusal(target.show(''), error) : undefined
      if (message === undefined || paths.length === 1) throw message ?? error
      process.stderr.write(`trial: ${message.message}\n`)
      code = ExitCode.BadInput
    }
  }
  return code
}

const asTheyAre: Decoder = (record) => record

const isDamage = (item: DumpItem): boolean => item.kind === 'problem' || (item.kind === 'batch' && !item.crcValid)

/** The files to show, in the order in which a reader wants them. */
export function pathsOf(target: LogTarget): string[] {
  if (target.kind === 'file') return [target.path]
  if (target.kind === 'partition') return readable(target.show(''), () => pathsOfPartition(target, target.partition))
  const { partitions, checkpoints, others } = target.directory
  return [...partitions.flatMap((partition) => pathsOfPartition(target, partition)), ...checkpoints, ...others]
}

function pathsOfPartition(
  target: LogTarget,
  { path, segments, snapshots, orphans, ...has }: PartitionDirectory,
): string[] {
  const names: string[] = []
  for (const { names: ofSegment } of segments) {
    for (const kind of ['log', 'index', 'timeindex', 'txnindex'] as const) {
      const name = ofSegment.get(kind)
      if (name !== undefined) names.push(name)
    }
  }
  for (const { name } of [...orphans, ...snapshots, ...has.leftovers]) names.push(name)
  if (has.hasEpochs) names.push('leader-epoch-checkpoint')
  if (has.hasMetadata) names.push('partition.metadata')
  return names.map((name) => `${path}/${name}`).filter((file) => target.files.status(file) !== undefined)
}
