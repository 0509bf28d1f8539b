// Groups of consumers of every preset in trouble: coordinated ones and those of ZooKeeper. What an older release breaks is
// named by its anomaly.
import { groupsCounterNames, groupsRun } from '../../dist/sim/fuzz/groups/index.js'

/** So many seeds have seen everything. */
const MANY = 2000
/** Rare in a short slice. */
const rare = [
  'uncleanElections',
  'brokerHalts',
  'loadsInProgress',
  'staleGenerations',
  'claimsRefused',
  'rebalancesGivenUp',
  'memberSessionsExpired',
]

export const soak = {
  defaultSeeds: [1, 20_000],
  counterNames: groupsCounterNames,
  requiredCounters: (runs) => groupsCounterNames.filter((name) => runs >= MANY || !rare.includes(name)),
  run(seed, watch) {
    const { bug, stuck, broken, permitted, anomalies, protocol, ...outcome } = groupsRun(
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
