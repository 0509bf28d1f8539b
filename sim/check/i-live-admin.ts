/** I-LIVE-ADMIN: what was asked of the controller is done, or refused. Judged where the run ends calm. */
import { brokerAnomaly, controllerAnomaly, deletionAnomaly, electionAnomaly, moveAnomaly } from './anomalies.ts'
import type { ControlTruth } from './control-truth.ts'
import { LivenessOracle, type Stuck } from './liveness.ts'

export class LiveAdminOracle extends LivenessOracle {
  readonly name = 'I-LIVE-ADMIN'
  readonly statement = 'At the end no request to the controller waits in ZooKeeper while all brokers are alive.'

  protected *stuck(control: ControlTruth): Iterable<Stuck> {
    const brokers = [...control.brokers.values()].filter(({ id }) => id > 0)
    if (brokers.some(({ id }) => !control.isLive(id))) return
    for (const [path, data] of control.requests) {
      // Tools write a request that names nothing, too: nobody has anything to do for it, or removes it.
      if (data.includes('"partitions":[]')) continue
      const topic = /^\/admin\/delete_topics\/(.+)$/.exec(path)?.[1]
      const anomaly =
        controllerAnomaly(control, this.versions) ??
        (topic === undefined ? undefined : deletionAnomaly(control, topic, this.versions)) ??
        (path === '/admin/preferred_replica_election' ? electionAnomaly(control, data) : undefined) ??
        (path === '/admin/reassign_partitions' ? moveAnomaly(control, data, this.versions) : undefined) ??
        brokers.map((broker) => brokerAnomaly(control, broker, this.versions)).find((found) => found !== undefined)
      yield { detail: `${path} still waits${data === '' ? '' : `: ${data}`}.`, anomaly }
    }
  }
}
