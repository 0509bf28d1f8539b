/**
 * A segment against the settings of a broker (`server.properties`): what a broker with these settings would not have
 * written, or does not take. Settings may have changed since, and topics may have their own: notes, never damage.
 */
import { ENTRY_OVERHEAD } from '../../record/layout.ts'
import type { IndexFile } from '../index-file.ts'
import type { EntryFacts, SegmentCheck } from './entry-facts.ts'
import type { Findings } from './findings.ts'

/** All in bytes; names of Kafka's in brackets. */
export interface BrokerSettings {
  /** Of a message or batch without offset and size (`message.max.bytes`). */
  readonly maxMessageBytes: number
  /** Of log between two entries of an offset index (`log.index.interval.bytes`). */
  readonly indexIntervalBytes: number
  /** Of an index file (`log.index.size.max.bytes`). */
  readonly maxIndexBytes: number
}

export class SettingsCheck implements SegmentCheck {
  private readonly settings: BrokerSettings
  private readonly logPath: string
  private readonly index: IndexFile | undefined
  private readonly indexPath: string
  private readonly findings: Findings

  constructor(
    settings: BrokerSettings,
    logPath: string,
    index: IndexFile | undefined,
    indexPath: string,
    findings: Findings,
  ) {
    this.settings = settings
    this.logPath = logPath
    this.index = index
    this.indexPath = indexPath
    this.findings = findings
  }

  entry({ position, size, lastOffset, batch }: EntryFacts): void {
    const { maxMessageBytes } = this.settings
    const bytes = size - ENTRY_OVERHEAD
    if (bytes <= maxMessageBytes) return
    const after = batch.magic === 0 ? ', and recovery cuts the log here' : ''
    const message = `${bytes} bytes, and message.max.bytes is ${maxMessageBytes}: no producer may send that${after}`
    this.findings.note('settings', this.logPath, message, { position, offset: lastOffset })
  }

  skipTo(): void {
    // Sizes are looked at one by one, index entries at the end: nothing goes on from entry to entry.
  }

  end(): void {
    const { index, indexPath, findings } = this
    const { maxIndexBytes, indexIntervalBytes } = this.settings
    if (index === undefined) return
    if (index.size > maxIndexBytes) {
      const message = `${index.size} bytes, and log.index.size.max.bytes is ${maxIndexBytes}`
      findings.note('settings', indexPath, message)
    }
    const closest = closestEntries(index)
    if (closest !== undefined && closest.bytes <= indexIntervalBytes) {
      const { slot, bytes } = closest
      const message = `entry ${slot} is ${bytes} bytes of log behind ${slot === 0 ? 'the beginning' : 'the one before it'}, and log.index.interval.bytes is ${indexIntervalBytes}`
      findings.note('settings', indexPath, message, { position: index.positionOf(slot) })
    }
  }
}

/** The entry that stands least bytes of log behind the one before it, or behind the beginning. */
function closestEntries(index: IndexFile): { readonly slot: number; readonly bytes: number } | undefined {
  let closest: { readonly slot: number; readonly bytes: number } | undefined
  let before = 0
  for (let slot = 0; slot < index.entries; slot++) {
    const position = index.logPosition(slot)
    const bytes = position - before
    before = position
    // Entries that do not rise are the index check's to tell.
    if (bytes > 0 && (closest === undefined || bytes < closest.bytes)) closest = { slot, bytes }
  }
  return closest
}
