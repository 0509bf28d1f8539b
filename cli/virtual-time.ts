/** Virtual times on the command line. */
import { InvalidArgumentError } from 'commander'

/** Microseconds of `12s`, `1.5s`, `900ms`, `2m`. */
export function readTime(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('A time needs its unit, such as 12s or 900ms.')
  const unit = { us: 1, ms: 1_000, s: 1_000_000, m: 60_000_000 }[match[2] as 'us' | 'ms' | 's' | 'm']
  return Math.round(Number(match[1]) * unit)
}
