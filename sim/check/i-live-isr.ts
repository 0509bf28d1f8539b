/** I-LIVE-ISR: who can be in sync is. Judged where the run ends calm. */
import { partitionAnomaly } from './anomalies.ts'
import type { ControlTruth } from './control-truth.ts'
import { brokerList, LivenessOracle, lastingPartitions, type Stuck } from './liveness.ts'

export class LiveIsrOracle extends LivenessOracle {
  readonly name = 'I-LIVE-ISR'
  readonly statement = 'At the end every live replica of a partition that is led is in its ISR, and no dead one.'

  protected *stuck(control: ControlTruth): Iterable<Stuck> {
    for (const partition of lastingPartitions(control)) {
      const { tp, assigned, state } = partition
      if (state === undefined || !control.isLive(state.leader)) continue
      if (control.brokerOf(state.leader).roles.get(tp)?.role !== 'leader') continue
      const missing = assigned.filter((id) => control.isLive(id) && !state.isr.includes(id))
      const dead = state.isr.filter((id) => !control.isLive(id))
      if (missing.length === 0 && dead.length === 0) continue
      const found = [
        ...(missing.length > 0 ? [`lacks ${brokerList(missing)}, which are alive`] : []),
        ...(dead.length > 0 ? [`has ${brokerList(dead)}, which are dead`] : []),
      ]
      const detail = `The ISR ${brokerList(state.isr)} of ${tp} ${found.join(', and ')}.`
      yield { tp, detail, anomaly: partitionAnomaly(control, partition, this.versions) }
    }
  }
}
