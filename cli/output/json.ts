/** The one object of `--json`. Its keys are a promise to programs: docs/scenarios.md and the issue name them. */
import type { RunResult } from '../../sim/scenario/runner/index.ts'

export function jsonOf(results: readonly RunResult[]): string {
  const runs = results.map((result) => {
    const { scenario, seed, protocol, held, expectations, messages, figures, traceHash, events, virtualMs, wallMs } =
      result
    const told = figures === undefined ? {} : { figures }
    return { scenario, seed, protocol, held, expectations, messages, ...told, traceHash, events, virtualMs, wallMs }
  })
  return JSON.stringify({ runs }, null, 2)
}
