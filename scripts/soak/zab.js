// ZooKeeper ensembles of three and five servers with random trouble, judged by what ZooKeeper promises.
import { rareZabCounters, zabCounterNames, zabRun } from '../../dist/sim/fuzz/zab/index.js'

/** So many seeds have seen everything. */
const MANY = 10_000

export const soak = {
  defaultSeeds: [1, 20_000],
  counterNames: zabCounterNames,
  requiredCounters: (runs) => zabCounterNames.filter((name) => runs >= MANY || !rareZabCounters.includes(name)),
  run(seed, watch) {
    const { bug, breach, ...outcome } = zabRun(seed, watch)
    const problems = []
    if (bug !== undefined) problems.push({ what: 'assertion', detail: `${bug.message}\n${bug.stack}` })
    if (breach !== undefined) problems.push({ what: 'promise', detail: breach })
    return { ...outcome, permitted: [], problems }
  },
}
