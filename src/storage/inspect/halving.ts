/** Binary search that can tell its steps. */

export interface HalvingStep {
  readonly low: number
  readonly high: number
  /** Slot looked at. */
  readonly middle: number
  /** What stands there. */
  readonly value: number
  /** Whether that is at or below the target, so that the search goes on from there upwards. */
  readonly reaches: boolean
}

export interface Halving {
  /** Slot of the largest value at or below the target, or -1. */
  readonly slot: number
  readonly steps: readonly HalvingStep[]
}

/** Searches rising values, of which `valueAt` gives that of each slot. */
export function halve(count: number, target: number, valueAt: (slot: number) => number): Halving {
  const steps: HalvingStep[] = []
  let low = 0
  let high = count - 1
  let slot = -1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const value = valueAt(middle)
    const reaches = value <= target
    steps.push({ low, high, middle, value, reaches })
    if (reaches) {
      slot = middle
      low = middle + 1
    } else {
      high = middle - 1
    }
  }
  return { slot, steps }
}
