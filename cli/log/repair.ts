/** `trial log repair`: what recovery would do to a directory, or does with --apply. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { NodeFileSystem } from '../../live/index.ts'
import { type FileChange, OverlayFileSystem } from '../../sim/kernel/index.ts'
import { type RepairedLog, type RepairOptions, repairLogs } from '../../sim/repair/index.ts'
import { FileError, type FileSystem } from '../../src/host/index.ts'
import { ExitCode, UserError } from '../exit-code.ts'
import { painterFor } from '../output/colour.ts'
import { printing } from './options.ts'
import { isCompacted, type SettingsOptions, settingsHelp, settingsOf, withSettings } from './settings.ts'
import type { LineWriter } from './standard-output.ts'
import { type LogTarget, openTarget, readable, refusal } from './target.ts'

interface RepairCommandOptions extends SettingsOptions {
  readonly apply?: boolean
  readonly all?: boolean
  readonly compacted?: boolean
  readonly json?: boolean
}

const examples = `
Runs the recovery that a broker runs when it starts: finishes or clears away half-done compactions and deletions, builds
missing indexes, and, unless a clean shutdown left its mark, scans each log from its recovery point on, cuts it at the
first batch that is not whole and right, and deletes the segments behind. Nothing is changed without --apply: what would
be is tried out in memory and listed.

With --all every segment is scanned and every index built anew, as if nothing was known to be flushed. That finds damage
anywhere, and loses all that lies behind it: look at it with "trial log verify" first, and keep a copy.

${settingsHelp}
Indexes are then built with log.index.interval.bytes and log.index.size.max.bytes, a log of 0.8 or 0.9 is cut at a message
above message.max.bytes as there, and with log.cleanup.policy=compact holes are right.

Exit code 1 if records would be (or were) lost, or a broker would refuse to start; 2 if something cannot be read.

Examples:
  trial log repair data/broker-1
  trial log repair /var/lib/kafka/orders-0 --all
  trial log repair /var/lib/kafka --all --apply
`

export function register(log: Command): void {
  withSettings(
    log
      .command('repair')
      .description('shows what recovery would change; with --apply changes it')
      .argument('<path>', 'a directory of a partition, or a log directory with many')
      .option('--apply', 'change the files')
      .option('--all', 'scan everything, not only what was not known to be flushed')
      .option('--compacted', 'holes in the offsets are right')
      .option('--json', 'print one JSON object'),
  )
    .addHelpText('after', examples)
    .action((path: string, options: RepairCommandOptions) => printing((out) => repair(path, options, out)))
}

interface Outcome {
  readonly logs: readonly RepairedLog[]
  readonly changes: readonly FileChange[]
}

function repair(given: string, options: RepairCommandOptions, out: LineWriter): ExitCode {
  const target = openTarget(given)
  const settings = readable(given, () => settingsOf(options, target))
  const repairOptions: RepairOptions = {
    all: options.all === true,
    compacted: options.compacted === true || isCompacted(settings),
    ...(settings === undefined ? {} : { settings }),
    nowUs: Date.now() * 1000,
  }
  const names = namesOf(target, given)
  const outcome = readable(given, () => rehearse(target.files, names, repairOptions))
  if (options.apply === true) apply(given, target, names, repairOptions)
  if (options.json === true) out.line(asJson(outcome, target, options.apply === true))
  else tell(outcome, target, options.apply === true, out)
  const isBad = outcome.logs.some(({ truncatedBytes, refused }) => truncatedBytes > 0 || refused !== undefined)
  return isBad ? ExitCode.NotHeld : ExitCode.Held
}

function namesOf(target: LogTarget, given: string): string[] {
  if (target.kind === 'file')
    throw new UserError(`${given}: repair takes a directory of a partition, or a log directory`)
  if (target.kind === 'partition') return [target.partition.path]
  return target.directory.partitions
    .filter(({ path, topicPartition }) => path === topicPartition)
    .map(({ path }) => path)
}

/** The same recovery over the files, with all that it writes kept in memory. */
function rehearse(files: FileSystem, names: readonly string[], options: RepairOptions): Outcome {
  const overlay = new OverlayFileSystem(files, () => options.nowUs)
  const logs = repairLogs(overlay, names, options)
  return { logs, changes: overlay.changes() }
}

function apply(given: string, target: LogTarget, names: readonly string[], options: RepairOptions): void {
  const holder = lockHolder(target.root)
  if (holder !== undefined)
    throw new UserError(`${given}: a process (${holder}) holds ${join(target.root, '.lock')}: stop that broker first`)
  try {
    repairLogs(new NodeFileSystem(target.root), names, options)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    throw new UserError(refusal(given, error)!.message.replace('cannot read', 'cannot change'))
  }
}

/** A broker that runs holds a lock on this file; who does is known on Linux only. */
function lockHolder(directory: string): string | undefined {
  try {
    const { ino } = statSync(join(directory, '.lock'))
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      // `1: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF`: process, then device and inode.
      const [, , , , process, place] = line.trim().split(/\s+/)
      if (place?.split(':')[2] === String(ino)) return `process ${process}`
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EACCES') throw error
  }
  return undefined
}

function tell({ logs, changes }: Outcome, target: LogTarget, applied: boolean, out: LineWriter): void {
  const painter = painterFor(process.stdout, process.env)
  for (const log of logs) {
    const tone = log.refused !== undefined || log.truncatedBytes > 0 ? 'bad' : 'good'
    out.line(`${log.partition}: ${painter.paint(tone, stateText(log))}`)
    for (const change of changes)
      if (change.path.startsWith(`${log.path}/`)) out.line(`  ${changeText(change, target)}`)
  }
  for (const change of changes) if (!change.path.includes('/')) out.line(changeText(change, target))
  if (changes.length === 0) out.line('nothing to change')
  else if (!applied) out.line(painter.paint('quiet', 'nothing was changed: --apply does it'))
}

function stateText({ refused, truncatedBytes, scannedFrom, logStartOffset, logEndOffset }: RepairedLog): string {
  if (refused !== undefined) return `a broker would refuse to start: ${refused}`
  const how =
    scannedFrom === undefined ? 'trusted, for it was shut down cleanly' : `scanned from offset ${scannedFrom} on`
  const lost = truncatedBytes === 0 ? 'nothing lost' : `${truncatedBytes} bytes cut off or deleted`
  return `${lost}, offsets ${logStartOffset}..${logEndOffset} (${how})`
}

function changeText(change: FileChange, target: LogTarget): string {
  const path = target.show(change.path)
  switch (change.kind) {
    case 'removed':
      return `removed    ${path} (${change.size} bytes)`
    case 'created':
      return `created    ${path} (${change.size} bytes)`
    case 'renamed':
      return `renamed    ${target.show(change.from)} to ${path}`
    case 'cut':
      return `cut        ${path} from ${change.from} to ${change.to} bytes`
    case 'rewritten':
      return `rewritten  ${path} from byte ${change.position} on (${change.from} bytes before, ${change.to} after)`
  }
}

function asJson({ logs, changes }: Outcome, target: LogTarget, applied: boolean): string {
  const shown = changes.map((change) => ({
    ...change,
    path: target.show(change.path),
    ...(change.kind === 'renamed' ? { from: target.show(change.from) } : {}),
  }))
  return JSON.stringify({ applied, logs: logs.map(({ path: _, ...log }) => log), changes: shown }, null, 2)
}
