/** I-NO-STRAY: who is no replica of a partition has nothing of it. Judged where the run ends calm. */
import { strayAnomaly } from './anomalies.ts'
import type { ControlTruth } from './control-truth.ts'
import { brokerList, LivenessOracle, type Stuck } from './liveness.ts'

export class NoStrayOracle extends LivenessOracle {
  readonly name = 'I-NO-STRAY'
  readonly statement = 'At the end no broker takes itself for the leader of a partition that is not assigned to it.'

  protected *stuck(control: ControlTruth): Iterable<Stuck> {
    for (const broker of control.liveBrokers()) {
      for (const [tp, { role, leaderEpoch }] of broker.roles) {
        const assigned = control.partitions.get(tp)?.assigned ?? []
        if (role !== 'leader' || assigned.includes(broker.id)) continue
        const replicas = assigned.length === 0 ? 'does not exist' : `has replicas ${brokerList(assigned)}`
        const detail = `${broker.machine} takes itself for the leader of ${tp} (epoch ${leaderEpoch}), which ${replicas}.`
        yield { tp, detail, anomaly: strayAnomaly(control, broker, tp, this.versions) }
      }
    }
  }
}
