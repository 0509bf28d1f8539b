/** Seeds on the command line. */
import { InvalidArgumentError } from 'commander'

export interface SeedRange {
  readonly first: number
  readonly last: number
}

/** `7` */
export function readSeed(text: string): number {
  const seed = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
    throw new InvalidArgumentError('A seed is a whole number, such as 7.')
  return seed
}

/** `1-200`, both included; `7` is `7-7`. */
export function readSeeds(text: string): SeedRange {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text)
  if (match === null) throw new InvalidArgumentError('Seeds are a range, such as 1-200.')
  const first = readSeed(match[1]!)
  const last = match[2] === undefined ? first : readSeed(match[2])
  if (last < first) throw new InvalidArgumentError(`The range ends before it begins: ${last} is below ${first}.`)
  return { first, last }
}
