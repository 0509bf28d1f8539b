/** Collects diagnostics while a scenario is compiled, and hands them out in file order. */
import type { DiagnosticCode } from './codes.ts'
import type { Diagnostic } from './diagnostic.ts'
import { nearest } from './nearest.ts'
import type { Place } from './source.ts'

interface Details {
  readonly expected?: string | undefined
  readonly suggestion?: string | undefined
}

export class Report {
  private readonly found: Diagnostic[] = []

  error(code: DiagnosticCode, place: Place, message: string, details: Details = {}): void {
    this.add('error', code, place, message, details)
  }

  warning(code: DiagnosticCode, place: Place, message: string, details: Details = {}): void {
    this.add('warning', code, place, message, details)
  }

  /** An error about a name that is not among those there are; the nearest of them is suggested. */
  unknown(code: DiagnosticCode, place: Place, message: string, word: string, names: readonly string[]): void {
    this.error(code, place, message, { suggestion: nearest(word, names) })
  }

  get failed(): boolean {
    return this.found.some((diagnostic) => diagnostic.severity === 'error')
  }

  get diagnostics(): readonly Diagnostic[] {
    const rank = (diagnostic: Diagnostic): number => (diagnostic.text === undefined ? 1 : 0)
    return [...this.found].sort(
      (a, b) => rank(a) - rank(b) || a.span.line - b.span.line || a.span.column - b.span.column,
    )
  }

  private add(
    severity: Diagnostic['severity'],
    code: DiagnosticCode,
    place: Place,
    message: string,
    { expected, suggestion }: Details,
  ): void {
    const { source } = place
    const span = source.span(place.start, place.end)
    const same = (other: Diagnostic): boolean =>
      other.code === code &&
      other.message === message &&
      other.span.line === span.line &&
      other.span.column === span.column
    if (this.found.some(same)) return
    this.found.push({
      code,
      severity,
      file: source.file,
      span,
      message,
      ...(expected === undefined ? {} : { expected }),
      ...(suggestion === undefined ? {} : { suggestion }),
      ...(source.isFile && !source.isBeside ? {} : { text: source.text }),
    })
  }
}

/** `b1, b2, b3`, cut where it grows long. */
export function enumerate(names: readonly string[], limit = 12): string {
  if (names.length <= limit) return names.join(', ')
  return `${names.slice(0, limit).join(', ')} … (${names.length} in all)`
}
