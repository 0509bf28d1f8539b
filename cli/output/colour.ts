/** Colours for a terminal; none where output is no terminal or `NO_COLOR` is set (https://no-color.org). */
import { styleText } from 'node:util'
import { type Painter, plainPainter, type Tone } from '../../sim/view/index.ts'

/** What each meaning looks like. */
const styles: Readonly<Record<Tone, Parameters<typeof styleText>[0] | undefined>> = {
  time: 'dim',
  machine: 'cyan',
  caption: 'bold',
  plain: undefined,
  quiet: 'dim',
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  committed: 'green',
  uncommitted: 'yellow',
  mark: 'bold',
}

const terminalPainter: Painter = {
  paint(tone, text) {
    const style = styles[tone]
    return style === undefined ? text : styleText(style, text)
  },
}

export function painterFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Painter {
  const refused = (environment.NO_COLOR ?? '') !== ''
  const forced = (environment.FORCE_COLOR ?? '') !== '' && environment.FORCE_COLOR !== '0'
  return !refused && (forced || stream.isTTY === true) ? terminalPainter : plainPainter
}

/** Cells of a line: those of the terminal, within what reads well. */
export function widthFor(stream: { readonly columns?: number }): number {
  return Math.min(120, Math.max(60, stream.columns ?? 100))
}
