/**
 * The ledger in sentences: one on each message's fate, for verdicts and explanations.
 * `m3: appended by b1 at offset 2, never committed; cut off when b1 followed another leader at 12.300 s; …`
 */
import type { Ledger } from './ledger.ts'
import type { CopyRecord, MessageRecord } from './message-record.ts'
import { formatSeconds } from './names.ts'

/** The whole fate, at the end of a run. */
export function describeFate(ledger: Ledger, message: string): string {
  const record = ledger.messages.get(message)
  if (record === undefined) return `${message}: never handed to a producer`
  const parts: string[] = []
  if (record.copies.length === 0)
    parts.push(record.attempts.length === 0 ? 'never sent' : 'sent, but never appended by a leader')
  if (record.dropped !== undefined) {
    const { why, error } = record.dropped
    parts.push(
      why === undefined
        ? `dropped: the queue of ${record.client} was full`
        : `never taken by ${record.client} (${why}): send failed with ${error}`,
    )
  }
  if (record.lostInQueue !== undefined)
    parts.push(`lost in the queue of ${record.client}, which died at ${formatSeconds(record.lostInQueue.atUs)}`)
  parts.push(...record.copies.map((copy, index) => copyWords(ledger, record, copy, index)))
  parts.push(...clientWords(record))
  return `${message}: ${parts.join('; ')}`
}

/** How far it has come, in the middle of a run. */
export function describeProgress(ledger: Ledger, message: string): string {
  const record = ledger.messages.get(message)
  if (record === undefined) return `${message} was not handed to a producer yet`
  if (record.copies.length === 0) {
    const last = record.attempts.at(-1)
    return last === undefined
      ? `${message} was handed to ${record.client}, not sent yet`
      : `${message} was sent to ${last.broker} (${last.outcome}), not appended`
  }
  return describeFate(ledger, message)
}

function copyWords(ledger: Ledger, record: MessageRecord, copy: CopyRecord, index: number): string {
  const again = index === 0 || copy.broker === '' ? '' : `sent again by ${record.client}, `
  const how = copy.broker === '' ? 'found' : `appended by ${copy.broker}`
  const acknowledged =
    copy.acknowledged !== undefined ? ', acknowledged' : record.acknowledged === undefined ? '' : ', never acknowledged'
  const story = (committed: string): string => `${again}${how} at offset ${copy.offset}, ${committed}${acknowledged}`
  const never = copy.committed === undefined ? 'never committed' : 'committed'
  switch (ledger.stateOf(copy)) {
    case 'standing': {
      const duplicate = record.copies.slice(0, index).some((earlier) => ledger.stateOf(earlier) === 'standing')
      return `${story(copy.committed === undefined ? 'not committed yet' : 'committed')}, stands${duplicate ? ' as a duplicate' : ''}`
    }
    case 'removed':
      return `${story(never)}; ${cutWords(copy)}`
    case 'stranded':
      return `${story(never)}, now only on the disk of ${copy.holders.join(' and ')}, outside the partition's log`
    case 'lost':
      return `${story(never)}; ${cutWords(copy)}`
  }
}

function cutWords(copy: CopyRecord): string {
  const last = copy.cuts.at(-1)
  if (last === undefined) return 'lost'
  const others = copy.cuts.length > 1 ? ` (the last of ${copy.cuts.length} disks)` : ''
  const when = formatSeconds(last.by.atUs)
  switch (last.reason) {
    case 'truncated':
      return `cut off when ${last.broker}${others} followed another leader at ${when}`
    case 'recovery':
      return `not on the disk of ${last.broker}${others} when it came back at ${when}`
    case 'compacted':
      return `taken out by compaction on ${last.broker} at ${when}`
    case 'expired':
      return `deleted by retention on ${last.broker} at ${when}`
    case 'deleted':
      return `deleted with its replica on ${last.broker}${others} at ${when}`
  }
}

function clientWords(record: MessageRecord): string[] {
  const words: string[] = []
  const acks = record.attempts.at(-1)?.requiredAcks
  if (record.acknowledged !== undefined) {
    // Said with the copy, unless the acknowledgement fits none.
    if (!record.copies.some((copy) => copy.acknowledged !== undefined))
      words.push('acknowledged, though no log held it at that offset')
  } else if (record.dropped !== undefined || record.lostInQueue !== undefined) {
    // Said before.
  } else if (record.gaveUp !== undefined)
    words.push(`never acknowledged: ${record.client} gave up (${record.gaveUp.error})`)
  else if (acks === 0) words.push('acks 0: nobody was told')
  else if (record.handed !== undefined) words.push('not acknowledged')
  if (record.reads.length > 0)
    words.push(record.reads.length === 1 ? `read by ${record.reads[0]!.client}` : readWords(record.reads.length))
  return words
}

const readWords = (times: number): string => (times === 2 ? 'read twice' : `read ${times} times`)

/** The run's messages in one line, and the damage if there is any. */
export function summarize(ledger: Ledger): string {
  let handed = 0
  let acked = 0
  let gaveUp = 0
  let dropped = 0
  let lostInQueue = 0
  let duplicates = 0
  for (const record of ledger.messages.values()) {
    if (record.handed !== undefined) handed += 1
    if (record.acknowledged !== undefined) acked += 1
    if (record.gaveUp !== undefined) gaveUp += 1
    if (record.dropped !== undefined) dropped += 1
    if (record.lostInQueue !== undefined) lostInQueue += 1
    if (ledger.copies(record.message, 'standing').length > 1) duplicates += 1
  }
  const lostAcked = ledger.lostAcked().length
  const lostCommitted = ledger.lostCommitted().length
  const words = [`${handed} ${handed === 1 ? 'message' : 'messages'} handed to producers`, `${acked} acknowledged`]
  if (gaveUp > 0) words.push(`${gaveUp} given up`)
  if (dropped > 0) words.push(`${dropped} dropped by a full queue`)
  if (lostInQueue > 0) words.push(`${lostInQueue} lost in the queue of a producer`)
  if (duplicates > 0) words.push(`${duplicates} duplicated`)
  if (lostCommitted > 0) words.push(`${lostCommitted} committed ${lostCommitted === 1 ? 'copy' : 'copies'} lost`)
  if (lostAcked > 0) words.push(`${lostAcked} acknowledged and lost`)
  return words.join(', ')
}
