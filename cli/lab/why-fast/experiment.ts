/** What an experiment finds: pairs of costs, each without and with what Kafka does, and where each figure comes from. */

/** `measured`: on this machine, with real bytes. `modelled`: counted by `sim/lab/cost-model.ts`. */
export type How = 'measured' | 'modelled'

export type Unit = 'count' | 'bytes' | 'ms'

export interface Figure {
  readonly what: string
  readonly unit: Unit
  /** Costs, so that less is better. */
  readonly without: number
  readonly with: number
  readonly how: How
}

export interface Experiment {
  readonly id: string
  readonly title: string
  /** Statements of the notes. */
  readonly shows: readonly string[]
  /** The two ways. */
  readonly without: string
  readonly with: string
  readonly figures: readonly Figure[]
  /** What must be known to read the figures right. */
  readonly note: string
}

/** How large the experiments are. */
export interface Sizes {
  /** Messages sent and compressed. */
  readonly messages: number
  /** Bytes of the files read and written. */
  readonly bytes: number
  /** Writes that are synced one by one. */
  readonly writes: number
}

/** How many times cheaper; Infinity where nothing is left of the cost. */
export const ratioOf = (figure: Figure): number =>
  figure.with === 0 ? (figure.without === 0 ? 1 : Number.POSITIVE_INFINITY) : figure.without / figure.with

export const now = (): number => performance.now()

/** Milliseconds that something takes. */
export function timed(body: () => void): number {
  const before = now()
  body()
  return now() - before
}

/** Of several rounds, taken in turn, the least disturbed one of each. */
export function bestOf(rounds: number, ...bodies: ReadonlyArray<() => void>): number[] {
  const best = bodies.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round += 1) {
    bodies.forEach((body, index) => {
      best[index] = Math.min(best[index]!, timed(body))
    })
  }
  return best
}
