/**
 * What the Java producer expects of compression when it asks whether one more record fits into a batch
 * (`CompressionRatioEstimator.java`; up to 0.10 `Compressor.java` had a mean of its own, which also began at 1).
 */
const WORSE_STEP = 0.05
const BETTER_STEP = 0.005

export class CompressionRatio {
  private readonly ratios = new Map<string, number>()

  of(topic: string): number {
    return this.ratios.get(topic) ?? 1
  }

  /** A batch was compressed to this part of its size. The estimate rises quickly and sinks slowly. */
  observe(topic: string, ratio: number): void {
    const known = this.of(topic)
    if (ratio > known) this.ratios.set(topic, Math.max(known + WORSE_STEP, ratio))
    else if (ratio < known) this.ratios.set(topic, Math.max(known - BETTER_STEP, ratio))
  }

  /** A batch turned out too large: no less than this is to be expected from now on. */
  reset(topic: string, ratio: number): void {
    this.ratios.set(topic, ratio)
  }
}
