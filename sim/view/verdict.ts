/** The end of a run in words: each message's fate, the order that stands, and when a partition could not be used. */
import type { UnavailableInterval } from './availability.ts'
import { describeFate, summarize } from './fate.ts'
import type { Ledger } from './ledger.ts'
import type { MessageRecord } from './message-record.ts'
import { formatDuration, formatSeconds } from './names.ts'
import { listNames, type Painter, type Tone, wrap } from './painter.ts'

/** Messages whose fate is told one by one; of more, only those that something happened to. */
const FATES_TOLD = 16

export function verdictLines(ledger: Ledger, options: { readonly painter: Painter; readonly width: number }): string[] {
  const { painter, width } = options
  const lines: string[] = []
  const tell = (tone: Tone, text: string): void => {
    wrap(text, width - 4).forEach((line, index) => {
      lines.push(painter.paint(tone, (index === 0 ? '  ' : '    ') + line))
    })
  }
  const records = [...ledger.messages.values()]
  const few = records.length <= FATES_TOLD
  const told = few ? records : records.filter((record) => toneOf(ledger, record) !== 'good')
  tell('caption', summarize(ledger))
  for (const record of told.slice(0, FATES_TOLD)) tell(toneOf(ledger, record), describeFate(ledger, record.message))
  if (told.length > FATES_TOLD) tell('quiet', `… and ${told.length - FATES_TOLD} more of these`)
  for (const tp of ledger.partitions) {
    const order = ledger.order(tp)
    if (order.length > 0) tell('plain', `${tp} reads: ${listNames(order, 24)} (log of ${ledger.leaderOf(tp)})`)
  }
  for (const interval of ledger.unavailable()) tell('warn', describeInterval(interval))
  return lines
}

export function describeInterval(interval: UnavailableInterval): string {
  const { tp, operation, fromUs, toUs, atEnd, error } = interval
  const duration = formatDuration(toUs - fromUs)
  const until = atEnd ? `and still at the end (${duration})` : `until ${formatSeconds(toUs)} (${duration})`
  return `${tp} unavailable for ${operation}s from ${formatSeconds(fromUs)} (${error}) ${until}`
}

/** How well a message fared. */
function toneOf(ledger: Ledger, record: MessageRecord): Tone {
  const standing = ledger.copies(record.message, 'standing').length
  if (record.acknowledged !== undefined && standing === 0) return 'bad'
  if (standing === 0 && record.copies.length > 0) return 'bad'
  if (record.gaveUp !== undefined || standing !== 1 || record.copies.length > 1) return 'warn'
  return 'good'
}
