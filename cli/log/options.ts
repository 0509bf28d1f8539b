/** Options and behaviour that the subcommands of `trial log` share. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ENTRY_BYTES_MAX, OPENED_BYTES_MAX } from '../../src/storage/inspect/index.ts'
import { ExitCode } from '../exit-code.ts'
import { ClosedPipe, LineWriter } from './standard-output.ts'

export interface LimitOptions {
  /** Bytes. */
  readonly maxEntry: number
  readonly maxOpened: number
}

const MEBIBYTE = 1024 * 1024

/** Limits on what a damaged or malicious file may cost. */
export const withLimits = (command: Command): Command =>
  command
    .addOption(
      new Option('--max-entry <bytes>', 'larger batches are checked, but not opened')
        .argParser(readBytes)
        .default(ENTRY_BYTES_MAX, `${ENTRY_BYTES_MAX / MEBIBYTE} MiB`),
    )
    .addOption(
      new Option('--max-opened <bytes>', 'no more is decompressed from one batch')
        .argParser(readBytes)
        .default(OPENED_BYTES_MAX, `${OPENED_BYTES_MAX / MEBIBYTE} MiB`),
    )

/** Bad input whose mistakes have been told. */
export class AlreadyTold extends Error {}

/** Runs an action that prints lines; its result is the exit code. A reader that goes away ends it quietly. */
export function printing(action: (out: LineWriter) => ExitCode): void {
  const out = new LineWriter()
  try {
    process.exitCode = action(out)
    out.flush()
  } catch (error) {
    if (error instanceof ClosedPipe) {
      process.exitCode = 0
      return
    }
    flushBeforeFailing(out)
    if (!(error instanceof AlreadyTold)) throw error
    process.exitCode = ExitCode.BadInput
  }
}

/** What was found before a failure is worth reading. */
function flushBeforeFailing(out: LineWriter): void {
  try {
    out.flush()
  } catch (error) {
    if (!(error instanceof ClosedPipe)) throw error
  }
}

export function readBytes(text: string): number {
  const match = /^(\d+)([kmg]?)$/i.exec(text)
  if (match === null) throw new InvalidArgumentError('a number of bytes, such as 1000000, 512k or 64m')
  const power = { '': 0, k: 1, m: 2, g: 3 }[match[2]!.toLowerCase() as '' | 'k' | 'm' | 'g']
  return Number(match[1]) * 1024 ** power
}

export function readCount(text: string): number {
  const count = Number(text)
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(count)) throw new InvalidArgumentError('a whole number')
  return count
}
