/** `trial log verify`: are the files of a log whole, and do they agree with one another? */
import type { Command } from 'commander'
import type { Painter } from '../../sim/view/index.ts'
import type { FileError } from '../../src/host/index.ts'
import {
  type Finding,
  Findings,
  type LogDirectory,
  type PartitionDirectory,
  type PartitionSummary,
  type VerifyOptions,
  verifyFile,
  verifyLogDirectory,
  verifyPartition,
} from '../../src/storage/inspect/index.ts'
import { ExitCode, UserError } from '../exit-code.ts'
import { painterFor } from '../output/colour.ts'
import { type LimitOptions, printing, withLimits } from './options.ts'
import { type Progress, showProgress } from './progress.ts'
import {
  brokerSettings,
  isCompacted,
  type SettingsOptions,
  settingsHelp,
  settingsOf,
  withSettings,
} from './settings.ts'
import type { LineWriter } from './standard-output.ts'
import { type LogTarget, openTarget, readable, refusal } from './target.ts'

interface VerifyCommandOptions extends LimitOptions, SettingsOptions {
  readonly deep?: boolean
  readonly compacted?: boolean
  readonly json?: boolean
}

const examples = `
Checked are: size, format and checksum of every batch; offsets, which rise and leave none out; the entries of .index,
.timeindex and .txnindex against the batches they point to; producer snapshots; leader epochs; and in a log directory the
checkpoints against the logs. With --deep every batch is decompressed and every record looked at. Where compaction has
been, offsets have holes by right: known from the cleaner's checkpoint, or said with --compacted.
${settingsHelp}
Against the settings are checked: sizes of batches (message.max.bytes), index files (log.index.size.max.bytes), distances of
index entries (log.index.interval.bytes); with log.cleanup.policy=compact holes are right. What does not fit is a note.

Exit code 1 if anything is damaged, with file, byte and offset; 2 if something cannot be read.

Examples:
  trial log verify data/broker-1
  trial log verify /var/lib/kafka/orders-0 --deep
  trial log verify /var/lib/kafka --json | jq '.findings[]'
`

export function register(log: Command): void {
  withSettings(
    withLimits(
      log
        .command('verify')
        .description('checks batches, indexes, snapshots and checkpoints')
        .argument('<path>', 'a .log file, a directory of a partition, or a log directory with many')
        .option('--deep', 'also decompress every batch and look at each record')
        .option('--compacted', 'holes in the offsets are right')
        .option('--json', 'print one JSON object'),
    ),
  )
    .addHelpText('after', examples)
    .action((path: string, options: VerifyCommandOptions) => printing((out) => verify(path, options, out)))
}

function verify(given: string, options: VerifyCommandOptions, out: LineWriter): ExitCode {
  const target = openTarget(given)
  if (target.kind === 'file' && !target.path.endsWith('.log'))
    throw new UserError(
      `${given}: verify takes .log files, and directories: other files are right or wrong only beside those`,
    )
  const bar = showProgress(() => logBytes(target))
  try {
    return new Verification(given, target, options, out, bar).run()
  } finally {
    bar.stop()
  }
}

class Verification {
  private readonly given: string
  private readonly target: LogTarget
  private readonly options: VerifyCommandOptions
  private readonly out: LineWriter
  private readonly bar: Progress
  private readonly painter: Painter = painterFor(process.stdout, process.env)
  private readonly findings = new Findings()
  private readonly summaries: PartitionSummary[] = []
  private readonly unreadable: string[] = []
  private told = 0

  constructor(given: string, target: LogTarget, options: VerifyCommandOptions, out: LineWriter, bar: Progress) {
    this.given = given
    this.target = target
    this.options = options
    this.out = out
    this.bar = bar
  }

  run(): ExitCode {
    const { target, findings, options, bar } = this
    const settings = settingsOf(options, target)
    const verifyOptions: VerifyOptions = {
      deep: options.deep === true,
      compacted: options.compacted === true || isCompacted(settings),
      ...(settings === undefined ? {} : { settings: brokerSettings(settings) }),
      entryBytesMax: options.maxEntry,
      openedBytesMax: options.maxOpened,
      progress: (bytes) => bar.add(bytes),
    }
    readable(this.given, () => {
      if (target.kind === 'file') this.done(verifyFile(target.files, target.path, verifyOptions, findings))
      else if (target.kind === 'partition')
        this.done(verifyPartition(target.files, target.partition, verifyOptions, findings))
      else this.directory(target.directory, verifyOptions)
    })
    bar.stop()
    this.tellFindings()
    this.tellEnd()
    if (this.unreadable.length > 0) return ExitCode.BadInput
    return findings.damage > 0 ? ExitCode.NotHeld : ExitCode.Held
  }

  private directory(directory: LogDirectory, verifyOptions: VerifyOptions): void {
    verifyLogDirectory(this.target.files, directory, verifyOptions, this.findings, {
      partition: (summary) => this.done(summary),
      unreadable: (partition, error) => this.failed(partition, error),
    })
  }

  private failed(partition: PartitionDirectory, error: FileError): void {
    const message = refusal(this.target.show(''), error)!.message
    this.unreadable.push(message)
    process.stderr.write(`trial: ${message}\n`)
    if (this.options.json !== true)
      this.out.line(`${partition.topicPartition}: ${this.painter.paint('bad', 'not read')}`)
  }

  private done(summary: PartitionSummary): void {
    this.summaries.push(summary)
    if (this.options.json === true) return
    const { partition, path, segments, entries, bytes, logStartOffset, logEndOffset, compacted, damage } = summary
    const state = damage === 0 ? this.painter.paint('good', 'good') : this.painter.paint('bad', 'damaged')
    const held = `${count(segments, 'segment', 'segments')}, ${count(entries, 'batch', 'batches')}, ${sizeText(bytes)}`
    const offsets = `offsets ${logStartOffset}..${logEndOffset}${compacted ? ' (compacted)' : ''}`
    this.out.line(`${partition ?? this.target.show(path)}: ${state}: ${held}, ${offsets}`)
    this.tellFindings()
  }

  private tellFindings(): void {
    if (this.options.json === true) return
    const { all } = this.findings
    for (; this.told < all.length; this.told++) this.out.line(this.findingLine(all[this.told]!))
  }

  private findingLine({ severity, path, position, offset, message }: Finding): string {
    const place = [
      ...(position === undefined ? [] : [`byte ${position}`]),
      ...(offset === undefined ? [] : [`offset ${offset}`]),
    ]
    const where = place.length === 0 ? '' : ` ${place.join(', ')}:`
    const tone = severity === 'damage' ? 'bad' : 'quiet'
    return `  ${this.painter.paint(tone, severity)}  ${this.target.show(path)}:${where} ${message}`
  }

  private tellEnd(): void {
    const { findings, out, target, summaries, unreadable } = this
    if (this.options.json === true) {
      const shown = (path: string): string => target.show(path)
      out.line(
        JSON.stringify(
          {
            good: findings.damage === 0 && unreadable.length === 0,
            damage: findings.damage,
            partitions: summaries.map(({ path, ...summary }) => ({ ...summary, path: shown(path) })),
            findings: findings.all.map(({ path, ...finding }) => ({ ...finding, file: shown(path) })),
            more: [...findings.untold.values()].map(({ path, ...more }) => ({ ...more, file: shown(path) })),
            unreadable,
          },
          null,
          2,
        ),
      )
      return
    }
    for (const { path, code, count: more } of findings.untold.values())
      out.line(`  ${this.painter.paint('quiet', 'more')}    ${target.show(path)}: ${more} more of this kind (${code})`)
    if (findings.damage > 0)
      out.line(this.painter.paint('bad', `${count(findings.damage, 'thing is', 'things are')} wrong`))
  }
}

/** Bytes of all `.log` files, for the progress bar. */
function logBytes({ files, ...target }: LogTarget): number {
  if (target.kind === 'file') return files.status(target.path)?.size ?? 0
  const partitions = target.kind === 'partition' ? [target.partition] : target.directory.partitions
  let bytes = 0
  for (const { path, segments } of partitions)
    for (const { names } of segments) bytes += files.status(`${path}/${names.get('log')!}`)?.size ?? 0
  return bytes
}

const count = (n: number, one: string, many: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

function sizeText(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
