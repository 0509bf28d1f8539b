/** The end of a run in words: each message's fate, the order that stands, and when a partition could not be used. */
import { applicationLines } from './application-words.ts'
import type { UnavailableInterval } from './availability.ts'
import { describeFate, summarize } from './fate.ts'
import type { Ledger } from './ledger.ts'
import type { MessageRecord } from './message-record.ts'
import { formatDuration, formatSeconds } from './names.ts'
import { listNames, type Painter, type Tone, wrap } from './painter.ts'

/** Messages whose fate is told one by one; of more, only those that something happened to, by kind of fate. */
const FATES_TOLD = 16

export function verdictLines(ledger: Ledger, options: { readonly painter: Painter; readonly width: number }): string[] {
  const { painter, width } = options
  const lines: string[] = []
  const tell = (tone: Tone, text: string): void => {
    wrap(text, width - 4).forEach((line, index) => {
      lines.push(painter.paint(tone, (index === 0 ? '  ' : '    ') + line))
    })
  }
  if (ledger.messages.size > 0) tell('caption', summarize(ledger))
  const fates = ledger.messages.size <= FATES_TOLD ? eachFate(ledger) : sharedFates(ledger)
  for (const { tone, text } of fates.slice(0, FATES_TOLD)) tell(tone, text)
  if (fates.length > FATES_TOLD) tell('quiet', `… and ${fates.length - FATES_TOLD} fates more`)
  for (const tp of ledger.partitions) {
    const order = ledger.order(tp)
    const log = `log of ${ledger.leaderOf(tp)}${ledger.isLed(tp) ? '' : ', which does not serve now'}`
    if (order.length > 0) tell('plain', `${tp} reads: ${listNames(order, 24)} (${log})`)
  }
  for (const { tone, text } of applicationLines(ledger)) tell(tone, text)
  for (const interval of ledger.unavailable()) tell('warn', describeInterval(interval))
  return lines
}

interface Fate {
  readonly tone: Tone
  readonly text: string
}

const eachFate = (ledger: Ledger): Fate[] =>
  [...ledger.messages.values()].map((record) => ({
    tone: toneOf(ledger, record),
    text: describeFate(ledger, record.message),
  }))

/** Of many messages, those that did not simply go well; messages with the same fate share a sentence. */
function sharedFates(ledger: Ledger): Fate[] {
  const groups = new Map<string, { readonly tone: Tone; readonly messages: string[] }>()
  for (const record of ledger.messages.values()) {
    const tone = toneOf(ledger, record)
    if (tone === 'good') continue
    const fate = describeFate(ledger, record.message).slice(record.message.length)
    const shared = fate.replace(/ at offset \d+/g, '')
    const group = groups.get(shared)
    if (group === undefined) groups.set(shared, { tone, messages: [record.message] })
    else group.messages.push(record.message)
  }
  return [...groups].map(([fate, { tone, messages }]) => ({ tone, text: `${listNames(messages)}${fate}` }))
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
