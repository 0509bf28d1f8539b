/** What the applications of groups made of the messages, in words: for verdicts and for the end of a story. */
import type { GroupBooks } from './application-books.ts'
import type { Ledger } from './ledger.ts'
import { formatSeconds } from './names.ts'
import { listNames, type Tone } from './painter.ts'

/** `The application of group billing did 12 messages; it lost m5, and did m3 twice.` */
export function applicationLines(ledger: Ledger): Array<{ readonly tone: Tone; readonly text: string }> {
  return [...ledger.applications.groups]
    .filter(([, books]) => books.processed.size > 0 || books.committed.size > 0)
    .flatMap(([group, books]) => {
      const lost = ledger.lostByApplication(group)
      const repeated = ledger.applications.repeated(group)
      if (books.processed.size === 0 && lost.length === 0) return []
      const lines: Array<{ readonly tone: Tone; readonly text: string }> = [
        {
          tone: lost.length > 0 ? 'bad' : repeated.length > 0 ? 'warn' : 'good',
          text: sum(group, books, lost, repeated),
        },
      ]
      for (const message of lost.slice(0, TOLD)) lines.push({ tone: 'bad', text: describeLoss(ledger, group, message) })
      for (const message of repeated.slice(0, TOLD)) {
        lines.push({ tone: 'warn', text: describeRepetition(ledger, group, message) })
      }
      return lines
    })
}

/** Messages of each sort whose story is told one by one. */
const TOLD = 3

function sum(group: string, books: GroupBooks, lost: readonly string[], repeated: readonly string[]): string {
  const done = `The application of group ${group} did ${books.processed.size} ${books.processed.size === 1 ? 'message' : 'messages'}`
  const losses = lost.length === 0 ? 'lost none' : `lost ${listNames(lost)}`
  const more = repeated.length === 0 ? 'did none twice' : `did ${listNames(repeated)} more than once`
  return `${done}; it ${losses} and ${more}.`
}

/** Why nobody of the group will ever see a message that none of them processed. */
export function describeLoss(ledger: Ledger, group: string, message: string): string {
  const books = ledger.applications.groups.get(group)
  for (const [tp, commits] of books?.advances ?? []) {
    const at = ledger.authoritativeLog(tp).find((copy) => copy.message === message)?.offset
    const past = at === undefined ? undefined : commits.find(({ next }) => next > at)
    if (past === undefined) continue
    return `${message} (offset ${at} of ${tp}) was never processed: ${past.client} committed ${past.next} as the next offset at ${formatSeconds(past.by.atUs)}, and nobody of group ${group} has read it since.`
  }
  return `${message} was never processed.`
}

export function describeRepetition(ledger: Ledger, group: string, message: string): string {
  const times = ledger.applications.groups.get(group)?.processed.get(message) ?? []
  const each = times.map(({ client, by }) => `by ${client} at ${formatSeconds(by.atUs)}`)
  return `${message} was processed ${each.join(', and again ')}.`
}
