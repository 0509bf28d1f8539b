/** Reading a scenario file for the commands that only look at it, and printing what is wrong with it. */
import { readFileSync } from 'node:fs'
import {
  type Diagnostic,
  formatDiagnostic,
  type ParseOptions,
  type ParseResult,
  parseScenario,
} from '../sim/scenario/language/index.ts'
import { loadPartitioner } from './partitioner-module.ts'
import { unreadable } from './unreadable.ts'

export interface CheckedFile {
  readonly file: string
  /** Empty where the file could not be read. */
  readonly text: string
  readonly result: ParseResult
}

/** Reads and compiles a file; one that cannot be read is a diagnostic as well (KS001). */
export function checkFile(file: string, options: ParseOptions = {}): CheckedFile {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return { file, text: '', result: { diagnostics: [unreadable(file, error as NodeJS.ErrnoException)] } }
  }
  return { file, text, result: parseScenario(text, file, { loadPartitioner, ...options }) }
}

/** Errors, or the warnings of a file that compiles. */
export const diagnosticsOf = ({ result }: CheckedFile): readonly Diagnostic[] =>
  'plan' in result ? result.warnings : result.diagnostics

/** All diagnostics of a file as lines for a terminal; empty where there are none. */
export const describeFile = (checked: CheckedFile): string =>
  diagnosticsOf(checked)
    .map((diagnostic) => `${formatDiagnostic(diagnostic, checked.text)}\n`)
    .join('')
