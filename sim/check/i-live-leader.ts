/** I-LIVE-LEADER: who can lead does. Judged where the run ends calm. */
import { partitionAnomaly } from './anomalies.ts'
import type { PartitionControl } from './control-state.ts'
import type { ControlTruth } from './control-truth.ts'
import { brokerList, LivenessOracle, lastingPartitions, type Stuck } from './liveness.ts'

export class LiveLeaderOracle extends LivenessOracle {
  readonly name = 'I-LIVE-LEADER'
  readonly statement = 'At the end every partition with a live member of its ISR has a live leader that acts as such.'

  protected *stuck(control: ControlTruth): Iterable<Stuck> {
    for (const partition of lastingPartitions(control)) {
      const detail = problem(control, partition)
      if (detail === undefined) continue
      yield { tp: partition.tp, detail, anomaly: partitionAnomaly(control, partition, this.versions) }
    }
  }
}

function problem(control: ControlTruth, { tp, assigned, state }: PartitionControl): string | undefined {
  if (state === undefined) {
    const live = assigned.filter((id) => control.isLive(id))
    return live.length === 0 ? undefined : `${tp} never got a leader, although ${brokerList(live)} are alive.`
  }
  const live = state.isr.filter((id) => control.isLive(id))
  if (live.length === 0) return undefined
  if (state.leader < 0) return `${tp} has no leader, although ${brokerList(live)} of its ISR are alive.`
  if (!control.isLive(state.leader)) return `${tp} is led by b${state.leader}, which is dead.`
  const role = control.brokerOf(state.leader).roles.get(tp)
  return role?.role === 'leader'
    ? undefined
    : `${tp} is led by b${state.leader} in ZooKeeper, and b${state.leader} takes itself for ${role === undefined ? 'nothing' : `a follower of b${role.leader}`}.`
}
