/** In which order a consumer got what producers sent: how many messages came after one that was handed over later. */
import type { Ledger } from '../ledger.ts'

export interface ReadingOrder {
  readonly reader: string
  readonly read: number
  /** Read after a message that the same producer was handed later and that went to the same partition. */
  readonly overtaken: number
  /** Read after one that the same producer was handed later and that went to another partition. */
  readonly overtakenElsewhere: number
}

interface Read {
  readonly seq: number
  readonly tp: string
  readonly offset: number
  readonly producer: string
  /** Trace record of the handing over. */
  readonly handed: number
}

/** What it read again does not count: that is repetition, not order. */
export function readingOrder(ledger: Ledger, reader: string): ReadingOrder {
  const reads: Read[] = []
  for (const { client, handed, reads: all } of ledger.messages.values()) {
    const first = all.find((read) => read.client === reader)
    if (first === undefined || handed === undefined) continue
    reads.push({ seq: first.by.seq, tp: first.tp, offset: first.offset, producer: client, handed: handed.seq })
  }
  reads.sort((a, b) => a.seq - b.seq || a.offset - b.offset)
  const latest = new Map<string, number>()
  let overtaken = 0
  let overtakenElsewhere = 0
  for (const { tp, producer, handed } of reads) {
    const inPartition = `${producer} ${tp}`
    if (handed < (latest.get(inPartition) ?? -1)) overtaken += 1
    else if (handed < (latest.get(producer) ?? -1)) overtakenElsewhere += 1
    for (const place of [inPartition, producer]) latest.set(place, Math.max(handed, latest.get(place) ?? -1))
  }
  return { reader, read: reads.length, overtaken, overtakenElsewhere }
}
