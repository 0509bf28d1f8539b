/**
 * Trace events of the scenario runner. They come from the world (machine `''`) and say what the script did and when,
 * so that a trace can be read without the scenario file beside it.
 */
export interface ListedFile {
  readonly name: string
  readonly bytes: number
  /** Of an offset index: its entries, relative offset and byte in the log. */
  readonly entries?: ReadonlyArray<readonly [relativeOffset: number, position: number]>
}

/** The search for an offset: the segment by its name, the index entry, the scan. */
export interface OffsetSearch {
  /** Base offsets of the segments, and those that the halving looked at, in its order. */
  readonly bases: readonly number[]
  readonly basesTried: readonly number[]
  /** The segment searched (the last of several, as after compaction); null: the offset is below all of them. */
  readonly base: number | null
  /** The offset less the base. */
  readonly relative: number
  /** Entries of its index, and the relative offsets of those that the halving looked at. */
  readonly entries: number
  readonly tried: readonly number[]
  /** The entry found: relative offset and byte in the log; null: none is as low, the scan begins at byte 0. */
  readonly entry: readonly [relativeOffset: number, position: number] | null
  /** Byte at which the scan began, bytes of all batches that it looked at, and how many those were. */
  readonly from: number
  readonly bytes: number
  readonly batches: number
  /** The batch that holds the offset; of a damaged one no record can be read. */
  readonly found: {
    readonly position: number
    readonly size: number
    readonly crc: 'right' | 'wrong'
    /** The record with the offset, or the first one above if compaction took it. */
    readonly offset: number | null
    readonly key: string | null
    readonly value: string | null
  } | null
  /** Damage that ended the scan; empty: none. */
  readonly problem: string
}

export type ScenarioEvent =
  /** An action of a step was carried out. */
  | {
      readonly kind: 'StepRun'
      /** Of the step, from 0. */
      readonly index: number
      /** In the scenario's words: `crash b1`, `stall b1→b3`, `send m1 by p1 to orders-0`. */
      readonly what: string
      /** What a selector chose (`leader(orders-0) = b2`); empty where the scenario named machines itself. */
      readonly chosen: string
    }
  /** All conditions of the step's trigger hold, or its message came. */
  | { readonly kind: 'ConditionMet'; readonly index: number; readonly what: string }
  /** What the teacher says at this moment. */
  | { readonly kind: 'Caption'; readonly index: number; readonly en: string; readonly zh?: string }
  /** The files in a partition's folder on a broker, as a look from outside finds them; none: there is no folder. */
  | {
      readonly kind: 'FilesListed'
      readonly broker: string
      readonly tp: string
      readonly files: readonly ListedFile[]
    }
  /** How an offset is found in the files of a partition on a broker. */
  | {
      readonly kind: 'OffsetLookedUp'
      readonly broker: string
      readonly tp: string
      readonly offset: number
      readonly search: OffsetSearch
    }
  /** ZooKeeper's work is counted from here on, under this name, and up to here. */
  | { readonly kind: 'MeasureBegan'; readonly name: string }
  | { readonly kind: 'MeasureEnded'; readonly name: string }
