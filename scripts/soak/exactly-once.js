// Transactions of every preset that has them, in trouble: clients, coordinators and leaders that crash, requests that come
// late. From 4.0 on everything holds; what an older release breaks is named by its anomaly.
import { exactlyOnceCounterNames, exactlyOnceRun } from '../../dist/sim/fuzz/exactly-once/index.js'

/** So many seeds have seen everything. */
const MANY = 2000
/** Rare in a short slice. */
const rare = ['unverifiedBatches', 'offsetsDropped', 'decidedBeforeFailover']

export const soak = {
  defaultSeeds: [1, 20_000],
  counterNames: exactlyOnceCounterNames,
  requiredCounters: (runs) => exactlyOnceCounterNames.filter((name) => runs >= MANY || !rare.includes(name)),
  run(seed, watch) {
    const { bug, stuck, broken, permitted, anomalies, protocol, ...outcome } = exactlyOnceRun(
      seed,
      watch === undefined ? {} : { watch },
    )
    const problems = []
    if (bug !== undefined) {
      const where = `(${protocol}, kernel step ${bug.kernelStep}, ${bug.atUs / 1000} ms)`
      problems.push({ what: 'assertion', detail: `${bug.message} ${where}\n${bug.stack}` })
    }
    if (stuck !== undefined) problems.push({ what: 'stuck', detail: stuck })
    for (const { name, breaches } of broken)
      problems.push({ what: `promise ${name} of ${protocol}`, detail: breaches.join('\n') })
    return { ...outcome, permitted: [...permitted, ...anomalies], problems }
  },
}
