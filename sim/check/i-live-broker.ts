/** I-LIVE-BROKER: a broker that is started runs. Judged where the run ends calm. */
import { controllerAnomaly, haltAnomaly } from './anomalies.ts'
import type { ControlTruth } from './control-truth.ts'
import { LivenessOracle, type Stuck } from './liveness.ts'

export class LiveBrokerOracle extends LivenessOracle {
  readonly name = 'I-LIVE-BROKER'
  readonly statement = 'At the end every broker runs and is registered, and one of them is the controller.'

  protected *stuck(control: ControlTruth): Iterable<Stuck> {
    for (const broker of [...control.brokers.values()].sort((a, b) => a.id - b.id)) {
      if (broker.id < 1 || control.isLive(broker.id)) continue
      const what = broker.running ? 'runs and is not registered' : `is down${broker.exit ? `: ${broker.exit}` : ''}`
      yield { detail: `${broker.machine} ${what}.`, anomaly: haltAnomaly(broker, this.versions) }
    }
    if (control.hasController) return
    const { holder } = control.controller
    const detail =
      holder === undefined
        ? 'There is no controller.'
        : `b${holder} is the controller in ZooKeeper, and does not act as such.`
    yield { detail, anomaly: controllerAnomaly(control, this.versions) }
  }
}
