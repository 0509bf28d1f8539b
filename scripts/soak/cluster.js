// Small Kafka clusters with random trouble, judged by the oracles.
import { counterNames, requiredCounters, soakRun } from '../../dist/sim/fuzz/index.js'

export const soak = {
  defaultSeeds: [1, 1000],
  counterNames,
  requiredCounters: () => requiredCounters,
  run(seed, watch) {
    const { bug, stuck, broken, ...outcome } = soakRun(seed, watch)
    const problems = []
    if (bug !== undefined) {
      const where = `(kernel step ${bug.kernelStep}, ${bug.atUs / 1000} ms)`
      problems.push({ what: 'assertion', detail: `${bug.message} ${where}\n${bug.stack}` })
    }
    if (stuck !== undefined) problems.push({ what: 'stuck', detail: stuck })
    for (const { name, breaches } of broken) problems.push({ what: `promise ${name}`, detail: breaches.join('\n') })
    return { ...outcome, problems }
  },
}
