/**
 * The built-in partitioner since 3.3 (KIP-794, `BuiltInPartitioner.java`), of one topic: a partition is kept for
 * `batch.size` bytes, whatever batches they end up in, and partitions whose queues are short are drawn more often. It
 * changes where a batch ends, so that batches stay whole, unless that takes twice as many bytes.
 */
export class UniformSticky {
  private readonly stickyBytes: number
  private readonly choices: () => readonly number[]
  private readonly draw: () => number
  private chosen: number | undefined
  private producedBytes = 0
  /** Partitions with the sums of their weights; undefined: all weigh the same. */
  private weights: ReadonlyArray<{ readonly partition: number; readonly upTo: number }> | undefined

  /**
   * @param choices partitions to choose from, never none
   * @param draw a number that is not negative
   */
  constructor(stickyBytes: number, choices: () => readonly number[], draw: () => number) {
    this.stickyBytes = stickyBytes
    this.choices = choices
    this.draw = draw
  }

  get current(): number {
    if (this.chosen === undefined) this.change()
    return this.chosen!
  }

  /** So many bytes went to the current partition; with all its batches full it may change. */
  appended(bytes: number, allBatchesFull: boolean): void {
    this.producedBytes += bytes
    if ((this.producedBytes >= this.stickyBytes && allBatchesFull) || this.producedBytes >= 2 * this.stickyBytes) {
      this.change()
    }
  }

  /** What waits in the queues of partitions that have a leader. @param partitions how many the topic has */
  queuesSeen(
    queues: ReadonlyArray<{ readonly partition: number; readonly batches: number }>,
    partitions: number,
  ): void {
    const longest = Math.max(...queues.map(({ batches }) => batches))
    const allEqual = queues.every(({ batches }) => batches === longest)
    if (queues.length < 1 || partitions < 2 || (allEqual && queues.length === partitions)) {
      this.weights = undefined
      return
    }
    let upTo = 0
    this.weights = queues.map(({ partition, batches }) => {
      upTo += longest + 1 - batches
      return { partition, upTo }
    })
  }

  private change(): void {
    const number = this.draw()
    const { weights } = this
    if (weights === undefined) {
      const choices = this.choices()
      this.chosen = choices[number % choices.length]!
    } else {
      const at = number % weights.at(-1)!.upTo
      this.chosen = weights.find(({ upTo }) => at < upTo)!.partition
    }
    this.producedBytes = 0
  }
}
