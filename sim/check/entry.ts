/** One message in a log, as far as the trace tells. */
export interface Entry {
  /** The message's name: its value up to the first newline; null for a tombstone. */
  readonly name: string | null
  readonly key: string | null
  /** Leader epoch under which it was first appended. */
  readonly epoch: number
  /** The transaction that it is part of. */
  readonly transaction?: ProducerOfTransaction
  /** It is no message, but says how a transaction ended. */
  readonly marker?: ProducerOfTransaction & { readonly committed: boolean }
}

export interface ProducerOfTransaction {
  readonly producerId: number
  /** Of the producer. */
  readonly epoch: number
}

/** An offset whose content the trace does not tell (a power loss may bring old bytes back). It agrees with anything. */
export type KnownEntry = Entry | undefined

export function sameEntry(a: KnownEntry, b: KnownEntry): boolean {
  return a === b || a === undefined || b === undefined || (a.name === b.name && a.key === b.key)
}

/** A message's name for people. */
export const nameOf = (entry: KnownEntry): string =>
  entry?.name ??
  (entry === undefined ? 'something unknown' : entry.marker === undefined ? 'a tombstone' : (entry.key ?? ''))
