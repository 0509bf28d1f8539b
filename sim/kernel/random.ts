/**
 * Random integers from named streams. Each stream is seeded from (seed, name) alone, so that leaving one out, or drawing
 * more from it, moves no other stream: that is what makes shrinking and edited scenarios comparable.
 *
 * This is the only file that knows the generator (Baagøe's Alea of the package seedrandom). Its arithmetic is additions
 * and multiplications of doubles, the same in every engine.
 */
import seedrandom from 'seedrandom'
import { type Digest, invariant, type RandomStream } from '../../src/host/index.ts'

/**
 * Sees each draw and may replace it: a recorder returns `value`, a replayer what was recorded.
 * @param below the draw is in 0 .. below-1
 */
export type DrawHook = (stream: string, label: string, below: number, value: number) => number

const TWO_32 = 0x1_0000_0000

class AleaStream implements RandomStream {
  readonly name: string
  private readonly generator: seedrandom.StatefulPRNG<seedrandom.State.Alea>
  private readonly hook: DrawHook | undefined

  constructor(seed: string, name: string, hook: DrawHook | undefined) {
    this.name = name
    this.hook = hook
    this.generator = seedrandom.alea(`${seed}/${name}`, { state: true })
  }

  intBelow(n: number, label: string): number {
    if (!(n >= 1 && n <= Number.MAX_SAFE_INTEGER)) invariant(false, `draw '${label}' of ${this.name} below ${n}`)
    const value = Math.floor((n <= TWO_32 ? this.generator() : this.generator.double()) * n)
    if (this.hook === undefined) return value
    const replaced = this.hook(this.name, label, n, value)
    invariant(replaced >= 0 && replaced < n, `draw '${label}' of ${this.name} below ${n} was given as ${replaced}`)
    return replaced
  }

  intBetween(low: number, high: number, label: string): number {
    return low + this.intBelow(high - low + 1, label)
  }

  chance(numerator: number, denominator: number, label: string): boolean {
    return this.intBelow(denominator, label) < numerator
  }

  pick<T>(items: readonly T[], label: string): T {
    invariant(items.length > 0, `pick '${label}' of ${this.name} from nothing`)
    return items[this.intBelow(items.length, label)]!
  }

  digest(digest: Digest): void {
    const { c, s0, s1, s2 } = this.generator.state()
    digest.int(c)
    for (const part of [s0, s1, s2]) digest.int(Math.floor(part * TWO_32))
  }
}

/** All streams of one run. */
export class RandomStreams {
  private readonly seed: string
  private readonly hook: DrawHook | undefined
  private readonly streams = new Map<string, AleaStream>()

  constructor(seed: number | string, hook?: DrawHook) {
    this.seed = String(seed)
    this.hook = hook
  }

  /** The stream of a name: the same object each time. */
  stream(name: string): RandomStream {
    let stream = this.streams.get(name)
    if (stream === undefined) {
      stream = new AleaStream(this.seed, name, this.hook)
      this.streams.set(name, stream)
    }
    return stream
  }

  digest(digest: Digest): void {
    const names = [...this.streams.keys()].sort()
    for (const name of names) this.streams.get(name)!.digest(digest.string(name))
  }
}
