/** Small helpers of the benches: best of several rounds, and the one-line output that all benches share. */

/** Operations a second, best of `rounds`: the best is the least disturbed by others on the machine. */
export function operationsPerSecond(operations, body, rounds = 5) {
  let best = Infinity
  for (let round = 0; round <= rounds; round++) {
    const before = process.hrtime.bigint()
    body()
    const seconds = Number(process.hrtime.bigint() - before) / 1e9
    // The first round warms up.
    if (round > 0 && seconds < best) best = seconds
  }
  return operations / best
}

export const millions = (perSecond) => `${(perSecond / 1e6).toFixed(2)} M/s`

/** `name   value   ratio against its peer (at least …)`; returns whether the limit holds. */
export function report(name, perSecond, peer, atLeast) {
  const ratio = perSecond / peer
  const limit =
    atLeast === undefined ? '' : ` (at least ${atLeast.toFixed(3)}: ${ratio >= atLeast ? 'holds' : 'BROKEN'})`
  console.log(`${name.padEnd(56)} ${millions(perSecond).padStart(11)}   ratio ${ratio.toFixed(3)}${limit}`)
  return atLeast === undefined || ratio >= atLeast
}
