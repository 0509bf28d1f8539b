/** Plays a scenario written into a test, and keeps its trace. */
import { formatDiagnostic, parseScenario } from '../../../sim/scenario/language/index.ts'
import { type RunResult, ScenarioRun } from '../../../sim/scenario/runner/index.ts'
import { type AnyEvent, eventOf, type ViewRecord } from '../../../sim/view/index.ts'

export interface Played {
  readonly run: ScenarioRun
  readonly result: RunResult
  readonly records: readonly ViewRecord[]
  /** Events of some kinds, in order. */
  all<K extends AnyEvent['kind']>(...kinds: readonly K[]): Extract<AnyEvent, { kind: K }>[]
}

export function play(text: string, seed?: number): Played {
  const parsed = parseScenario(text, 'test.yaml')
  if (!('plan' in parsed)) throw new Error(parsed.diagnostics.map((one) => formatDiagnostic(one, text)).join('\n'))
  const records: ViewRecord[] = []
  const run = new ScenarioRun(parsed.plan, {
    check: false,
    subscribers: [{ apply: (record) => void records.push(record) }],
    ...(seed === undefined ? {} : { seed }),
  })
  run.runTo(parsed.plan.endsUs)
  const result = run.finish()
  return {
    run,
    result,
    records,
    all: <K extends AnyEvent['kind']>(...kinds: readonly K[]) =>
      records.map(eventOf).filter((event): event is Extract<AnyEvent, { kind: K }> => kinds.includes(event.kind as K)),
  }
}

/** A story that must hold; fails with what it found instead. */
export function held(text: string, seed?: number): Played {
  const played = play(text, seed)
  const { expectations, failure } = played.result
  const broken = expectations
    .filter((one) => !one.held)
    .map((one) => `${one.what}: ${one.expected}; found ${one.found}`)
  if (failure !== undefined) broken.push(failure.message)
  if (broken.length > 0) throw new Error(broken.join('\n'))
  return played
}
