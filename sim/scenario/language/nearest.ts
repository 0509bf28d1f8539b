/** "Did you mean": the valid name that is fewest slips of the finger away, if any is near enough to be believed. */

/**
 * The nearest of `names`, or undefined. A slip is an insertion, deletion, replacement or swap of neighbours; a word may
 * hold one for each three letters begun. Letter case costs nothing. Ties go to the name listed first.
 */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase()
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const name of names) {
    const limit = Math.max(1, Math.ceil(Math.max(wanted.length, name.length) / 3))
    if (Math.abs(wanted.length - name.length) > limit || areNumbered(wanted, name.toLowerCase())) continue
    const distance = editDistance(wanted, name.toLowerCase())
    if (distance <= limit && distance < bestDistance && distance < Math.max(2, name.length)) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** `b4` is no slip of `b1`: names that differ in their number mean different things. */
function areNumbered(a: string, b: string): boolean {
  const stem = /^(.*\D)\d+$/.exec(a)?.[1]
  return stem !== undefined && a !== b && stem === /^(.*\D)\d+$/.exec(b)?.[1]
}

/** Optimal string alignment distance. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1]
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[to.length]!
}
