/**
 * How told lines get their looks. The view knows meanings only; whoever prints hands in a painter that turns a meaning
 * into colour, or `plainPainter`. Widths are counted before painting, in terminal cells.
 */

/** What a piece of text means. */
export type Tone =
  | 'time'
  | 'machine'
  | 'caption'
  | 'plain'
  | 'quiet'
  | 'good'
  | 'warn'
  | 'bad'
  | 'committed'
  | 'uncommitted'
  | 'mark'

export interface Painter {
  paint(tone: Tone, text: string): string
}

export const plainPainter: Painter = { paint: (_tone, text) => text }

/** Terminal cells of a text: characters of East Asian scripts and emoji take two. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += isWide(character.codePointAt(0)!) ? 2 : 1
  return width
}

/** Ranges of Unicode's East Asian Width W and F, as far as message names and captions use them. */
const isWide = (code: number): boolean =>
  code >= 0x1100 &&
  (code <= 0x115f ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd))

export const padTo = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - displayWidth(text)))

/** At most `width` cells, the cut shown by `…`. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let clipped = ''
  let used = 1
  for (const character of text) {
    used += displayWidth(character)
    if (used > width) break
    clipped += character
  }
  return `${clipped}…`
}

/** Breaks between words, and inside a word that is wider than a line (a script without spaces). */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  const add = (piece: string): void => {
    const joined = line === '' ? piece : `${line} ${piece}`
    if (displayWidth(joined) <= width) {
      line = joined
      return
    }
    if (displayWidth(piece) <= width) {
      lines.push(line)
      line = piece
      return
    }
    if (line !== '') line += ' '
    for (const character of piece) {
      if (displayWidth(line + character) > width) {
        lines.push(line.trimEnd())
        line = ''
      }
      line += character
    }
  }
  for (const word of text.split(' ')) add(word)
  lines.push(line)
  return lines
}

/** `m1 m2 m3`; of many the first ones and the last: `m1 m2 m3 … m40 (40 messages)`. */
export function listNames(names: readonly string[], most = 8): string {
  if (names.length === 0) return 'nothing'
  if (names.length <= most) return names.join(' ')
  return `${names.slice(0, 3).join(' ')} … ${names.at(-1)!} (${names.length} messages)`
}
