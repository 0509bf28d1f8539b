/** I-META-AGREE: in the end everybody knows what ZooKeeper knows. Judged where the run ends calm. */
import { brokerAnomaly, controllerAnomaly, newsAnomaly, partitionAnomaly } from './anomalies.ts'
import type { BrokerControl, PartitionControl } from './control-state.ts'
import type { ControlTruth } from './control-truth.ts'
import { brokerList, LivenessOracle, lastingPartitions, type Stuck } from './liveness.ts'

export class MetaAgreeOracle extends LivenessOracle {
  readonly name = 'I-META-AGREE'
  readonly statement =
    'At the end each leader holds the epoch, the ISR and the version that ZooKeeper has, no other replica takes itself for the leader, and every live broker’s metadata names the same leaders and live brokers.'

  protected *stuck(control: ControlTruth): Iterable<Stuck> {
    const live = control.liveBrokers()
    for (const partition of lastingPartitions(control)) {
      for (const broker of live) {
        for (const detail of problems(broker, partition)) {
          const anomaly =
            partitionAnomaly(control, partition, this.versions) ?? brokerAnomaly(control, broker, this.versions)
          yield { tp: partition.tp, detail, anomaly }
        }
      }
    }
    const ids = live.map(({ id }) => id)
    for (const broker of live) {
      if (broker.metadata.size === 0 || [...broker.alive].sort((a, b) => a - b).join() === ids.join()) continue
      const detail = `${broker.machine} takes ${brokerList(broker.alive)} to be alive, and ${brokerList(ids)} are.`
      const anomaly =
        controllerAnomaly(control, this.versions) ??
        live.map((other) => brokerAnomaly(control, other, this.versions)).find((found) => found !== undefined)
      yield { detail, anomaly: anomaly ?? newsAnomaly(control, broker, this.versions) }
    }
  }
}

function* problems(broker: BrokerControl, { tp, state, assigned }: PartitionControl): Iterable<string> {
  if (state === undefined) return
  // Who is no replica has nobody to tell it better: I-NO-STRAY.
  const role = assigned.includes(broker.id) ? broker.roles.get(tp) : undefined
  if (role?.role === 'leader') {
    if (state.leader !== broker.id) {
      yield `${broker.machine} takes itself for the leader of ${tp} (epoch ${role.leaderEpoch}), which is b${state.leader} (epoch ${state.leaderEpoch}).`
    } else if (
      role.leaderEpoch !== state.leaderEpoch ||
      role.zkVersion !== state.zkVersion ||
      role.isr.join() !== state.isr.join()
    ) {
      yield `${broker.machine} leads ${tp} with epoch ${role.leaderEpoch}, ISR ${brokerList(role.isr)} and version ${role.zkVersion}, and ZooKeeper has epoch ${state.leaderEpoch}, ISR ${brokerList(state.isr)} and version ${state.zkVersion}.`
    }
  }
  const known = broker.metadata.get(tp)
  if (known !== undefined && known !== state.leader) {
    yield `${broker.machine} tells clients that b${known} leads ${tp}, and b${state.leader} does.`
  } else if (known === undefined && state.leader >= 0) {
    yield `${broker.machine} knows nothing of ${tp}.`
  }
}
