/**
 * A machine's clock: true time times a rate, plus an offset that jumps. Two readings of it matter:
 * - the wall clock (`read`), which jumps, as System.currentTimeMillis does;
 * - the ticks (`ticks`), which only drift, as System.nanoTime does: timers run on these.
 */
import { type Digest, invariant, type Micros } from '../../src/host/index.ts'

const MILLION = 1_000_000

export class MachineClock {
  /** Parts per million that this clock is fast (negative: slow). */
  driftPpm = 0
  private offsetUs: Micros
  /** True time and ticks of the last change of rate. */
  private anchorUs: Micros = 0
  private anchorTicks: Micros = 0

  constructor(offsetUs: Micros, driftPpm: number) {
    this.offsetUs = offsetUs
    this.setDrift(driftPpm, 0)
  }

  read(trueUs: Micros): Micros {
    return this.ticks(trueUs) + this.offsetUs
  }

  ticks(trueUs: Micros): Micros {
    const elapsed = trueUs - this.anchorUs
    if (this.driftPpm === 0) return this.anchorTicks + elapsed
    return this.anchorTicks + elapsed + Math.floor((elapsed * this.driftPpm) / MILLION)
  }

  /** The first true time at which `ticks` is at least this. */
  whenTicks(ticks: Micros): Micros {
    const wanted = ticks - this.anchorTicks
    if (this.driftPpm === 0) return this.anchorUs + wanted
    let trueUs = this.anchorUs + Math.ceil((wanted * MILLION) / (MILLION + this.driftPpm))
    while (this.ticks(trueUs) < ticks) trueUs++
    while (this.ticks(trueUs - 1) >= ticks) trueUs--
    return trueUs
  }

  jump(us: Micros): void {
    this.offsetUs += us
  }

  setDrift(ppm: number, trueUs: Micros): void {
    invariant(Number.isInteger(ppm) && ppm > -MILLION, `a clock drift of ${ppm} ppm`)
    this.anchorTicks = this.ticks(trueUs)
    this.anchorUs = trueUs
    this.driftPpm = ppm
  }

  digest(digest: Digest): void {
    digest.int(this.offsetUs).int(this.driftPpm).int(this.anchorUs).int(this.anchorTicks)
  }
}
