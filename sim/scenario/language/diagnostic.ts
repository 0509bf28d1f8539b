/**
 * A mistake in a scenario, as a value: where it stands, what it is, what was expected, and the nearest thing that would
 * have been right. Printing follows compilers: one line to click on, the source line, carets under the text meant.
 */
import type { SourceSpan } from '../plan.ts'
import type { DiagnosticCode } from './codes.ts'

export interface Diagnostic {
  readonly code: DiagnosticCode
  /** A warning does not keep the scenario from running. */
  readonly severity: 'error' | 'warning'
  /** Path as the user gave it; `--set`, `--protocol` or `--seed` where the mistake is on the command line. */
  readonly file: string
  readonly span: SourceSpan
  readonly message: string
  /** The form that would have been right, without "expected". */
  readonly expected?: string
  /** The nearest valid name, or what to write instead. */
  readonly suggestion?: string
  /** The text that `span` counts in where that is not the scenario file (command line). */
  readonly text?: string
}

/** Columns of source shown at most; longer lines are cut around the span. */
const WINDOW = 110

/**
 * Several lines, without a line break at the end:
 * `file:12:9: KS104 no broker "b4" in this cluster (b1, b2, b3)`, the source line, carets, then what was expected.
 */
export function formatDiagnostic(diagnostic: Diagnostic, text: string): string {
  const { file, span, severity, code } = diagnostic
  const message = `${severity === 'warning' ? 'warning ' : ''}${code} ${diagnostic.message}`
  const lines = [formatPlace({ file, span, message }, diagnostic.text ?? text)]
  if (diagnostic.expected !== undefined) lines.push(`  expected ${printable(diagnostic.expected)}`)
  if (diagnostic.suggestion !== undefined) lines.push(`  ${printable(hint(diagnostic.suggestion))}`)
  return lines.join('\n')
}

/** The place part alone, for what is no mistake of the file: an expectation that did not hold, a step that did not come. */
export function formatPlace(
  place: { readonly file: string; readonly span: SourceSpan; readonly message: string },
  text: string,
): string {
  const { file, span, message } = place
  const lines = [`${printable(file)}:${span.line}:${span.column}: ${printable(message)}`]
  const source = text.split(/\r\n|\n|\r/)[span.line - 1]
  if (source !== undefined && source.trim() !== '') {
    const gutter = String(span.line)
    const excerpt = cut(source, span)
    lines.push(
      `  ${gutter} | ${printable(excerpt.text)}`,
      `  ${' '.repeat(gutter.length)} | ${blank(excerpt.text.slice(0, excerpt.start))}${'^'.repeat(width(excerpt.text.slice(excerpt.start, excerpt.start + excerpt.length)))}`,
    )
  }
  return lines.join('\n')
}

const hint = (suggestion: string): string =>
  /^[\w.…-]+$/u.test(suggestion) ? `did you mean "${suggestion}"?` : `did you mean ${suggestion}?`

/** A window of the source line around the span: a file of one endless line still prints as one short line. */
function cut(line: string, span: SourceSpan): { text: string; start: number; length: number } {
  const from = Math.min(span.column - 1, line.length)
  const first = from < WINDOW - 20 ? 0 : from - 30
  const head = first === 0 ? '' : '… '
  const tail = line.length - first > WINDOW ? ' …' : ''
  const visible = line.slice(first, first + WINDOW)
  const start = head.length + from - first
  const length = Math.max(1, Math.min(span.length, visible.length - (from - first)))
  return { text: head + visible + tail, start, length }
}

/** Control characters must not reach a terminal: a scenario may come from anywhere. */
function printable(text: string): string {
  let shown = ''
  for (const character of text) {
    const code = character.codePointAt(0)!
    shown += character === '\t' ? ' ' : code < 0x20 || (code >= 0x7f && code < 0xa0) || isBidi(code) ? '�' : character
  }
  return shown
}

const isBidi = (code: number): boolean =>
  (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code === 0x200e || code === 0x200f

/** Terminal columns of a text: East Asian wide characters take two. */
function width(text: string): number {
  let columns = 0
  for (const character of text) columns += isWide(character.codePointAt(0)!) ? 2 : 1
  return Math.max(1, columns)
}

const blank = (text: string): string => (text === '' ? '' : ' '.repeat(width(text)))

const isWide = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115f) ||
  (code >= 0x2e80 && code <= 0xa4cf) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xfe30 && code <= 0xfe6f) ||
  (code >= 0xff00 && code <= 0xff60) ||
  (code >= 0xffe0 && code <= 0xffe6) ||
  (code >= 0x1f300 && code <= 0x1faff) ||
  (code >= 0x20000 && code <= 0x3fffd)
