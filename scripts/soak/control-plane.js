// The control plane of every preset in trouble: controllers, sessions, topics and reassignments, and where they come to
// rest. What an older release breaks is named by its anomaly.
import { controlPlaneCounterNames, controlPlaneRun } from '../../dist/sim/fuzz/control-plane/index.js'

/** So many seeds have seen everything. */
const MANY = 10_000
/** Rare in a short slice. */
const rare = [
  'staleBrokerEpochs',
  'topicDeletionsHalted',
  'isrWritesRefused',
  'deposedControllersRefused',
  'fencedWrites',
]

export const soak = {
  defaultSeeds: [1, 20_000],
  counterNames: controlPlaneCounterNames,
  requiredCounters: (runs) => controlPlaneCounterNames.filter((name) => runs >= MANY || !rare.includes(name)),
  run(seed, watch) {
    const { bug, stuck, broken, permitted, anomalies, protocol, ...outcome } = controlPlaneRun(
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
