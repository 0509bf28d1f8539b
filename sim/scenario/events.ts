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
  /** ZooKeeper's work is counted from here on, under this name, and up to here. */
  | { readonly kind: 'MeasureBegan'; readonly name: string }
  | { readonly kind: 'MeasureEnded'; readonly name: string }
