// A soak whose runs name what an older release breaks (sim/fuzz/named-run.ts).

/**
 * @param counterNames all that is counted
 * @param rare counters that may be zero in fewer than `many` runs
 * @param run one run: seed and options to its outcome
 */
export const namedSoak = ({ counterNames, rare, many, run }) => ({
  defaultSeeds: [1, 20_000],
  counterNames,
  requiredCounters: (runs) => counterNames.filter((name) => runs >= many || !rare.includes(name)),
  run(seed, watch) {
    const { bug, stuck, broken, permitted, anomalies, protocol, ...outcome } = run(
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
})
