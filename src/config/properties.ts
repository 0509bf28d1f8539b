/**
 * Java properties files, such as `server.properties` (`java.util.Properties.load`): `key=value`, `key: value` or
 * `key value`, comments behind `#` or `!`, a backslash at the end of a line to go on in the next, and escapes. Places are
 * kept, so that a mistake can be pointed at.
 */

export interface PropertyEntry {
  readonly key: string
  readonly value: string
  /** Character positions in the text; of a key or value that goes over several lines, from its first to its last. */
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

/** What Java refuses to read: a `\u` without four hexadecimal digits. */
export interface PropertyProblem {
  readonly start: number
  readonly end: number
}

export interface ParsedProperties {
  /** In the order of the text, a key that stands twice twice: the last one counts. */
  readonly entries: readonly PropertyEntry[]
  readonly problems: readonly PropertyProblem[]
}

/** A character of a logical line: what it is there, whether a backslash made it so, and where it stands. */
interface Unit {
  readonly text: string
  readonly escaped: boolean
  readonly start: number
  readonly end: number
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

/** Reads the text of a file, which Java takes as ISO 8859-1. */
export function parseProperties(text: string): ParsedProperties {
  const entries: PropertyEntry[] = []
  const problems: PropertyProblem[] = []
  let at = 0
  while (at < text.length) {
    at = skipBlanks(text, at)
    if (isLineEnd(text[at])) {
      at++
    } else if (text[at] === '#' || text[at] === '!') {
      // A backslash at the end of a comment does not carry it on.
      while (at < text.length && !isLineEnd(text[at])) at++
    } else if (at < text.length) {
      const line = logicalLine(text, at, problems)
      at = line.end
      if (line.units.length > 0) entries.push(entryOf(line.units))
    }
  }
  return { entries, problems }
}

/** The units from `from` to the end of the logical line, with escapes resolved. */
function logicalLine(text: string, from: number, problems: PropertyProblem[]): { units: Unit[]; end: number } {
  const units: Unit[] = []
  let at = from
  while (at < text.length && !isLineEnd(text[at])) {
    if (text[at] !== '\\') {
      units.push({ text: text[at]!, escaped: false, start: at, end: at + 1 })
      at++
      continue
    }
    const next = text[at + 1]
    if (next === undefined) {
      // A lone backslash at the end of the file stands for nothing.
      at++
    } else if (isLineEnd(next)) {
      at = skipBlanks(text, at + (next === '\r' && text[at + 2] === '\n' ? 3 : 2))
    } else if (next === 'u') {
      const digits = /^[0-9a-fA-F]{4}/.exec(text.slice(at + 2, at + 6))?.[0]
      const end = at + 2 + (digits === undefined ? 0 : 4)
      if (digits === undefined) problems.push({ start: at, end: Math.min(text.length, at + 6) })
      else units.push({ text: String.fromCharCode(Number.parseInt(digits, 16)), escaped: true, start: at, end })
      at = end
    } else {
      units.push({ text: ESCAPES[next] ?? next, escaped: true, start: at, end: at + 2 })
      at += 2
    }
  }
  return { units, end: at }
}

/** Splits a line at its first `=`, `:` or blank that no backslash stands before. */
function entryOf(units: readonly Unit[]): PropertyEntry {
  const found = units.findIndex((unit) => !unit.escaped && (isSeparator(unit.text) || isBlank(unit.text)))
  const keyLength = found < 0 ? units.length : found
  let value = keyLength
  let separated = false
  for (; value < units.length; value++) {
    const unit = units[value]!
    if (unit.escaped) break
    if (isSeparator(unit.text) && !separated) separated = true
    else if (!isBlank(unit.text)) break
  }
  const start = units[0]!.start
  const keyEnd = keyLength === 0 ? start : units[keyLength - 1]!.end
  const end = units.at(-1)!.end
  return {
    key: textOf(units.slice(0, keyLength)),
    value: textOf(units.slice(value)),
    keyStart: start,
    keyEnd,
    valueStart: value < units.length ? units[value]!.start : end,
    valueEnd: end,
  }
}

const textOf = (units: readonly Unit[]): string => units.map(({ text }) => text).join('')

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && isBlank(text[at])) at++
  return at
}

const isBlank = (character: string | undefined): boolean =>
  character === ' ' || character === '\t' || character === '\f'
const isSeparator = (character: string): boolean => character === '=' || character === ':'
const isLineEnd = (character: string | undefined): boolean => character === '\n' || character === '\r'
