/** A cluster at one moment, as a table for people and as an object for programs. */
import {
  actingLeader,
  brokerName,
  type ClusterView,
  drawPartition,
  formatSeconds,
  type Painter,
  zooKeeperLeader,
} from '../../sim/view/index.ts'

export function clusterText(
  view: ClusterView,
  atUs: number,
  options: { readonly painter: Painter; readonly width: number },
): string {
  const { painter } = options
  const lines = [painter.paint('caption', `The cluster at ${formatSeconds(atUs)}`)]
  const { controller } = view
  lines.push(
    `  controller        ${controller.broker < 0 ? 'none' : brokerName(controller.broker)} (epoch ${controller.epoch})`,
  )
  const server = zooKeeperLeader(view)
  lines.push(
    `  ZooKeeper leader  ${server === undefined ? 'none' : `${server} (epoch ${view.zookeeper[server]!.epoch})`}`,
  )
  const machines = Object.entries(view.machines).map(([name, { state }]) => `${name} ${state}`)
  lines.push(`  machines          ${machines.join(', ')}`)
  const disturbed = Object.values(view.links).filter((link) => link.cut || link.stalled)
  if (disturbed.length > 0) {
    const words = disturbed.map((link) => `${link.from}→${link.to} ${link.cut ? 'cut' : 'stalled'}`)
    lines.push(`  links             ${words.join(', ')}`)
  }
  for (const tp of Object.keys(view.partitions)) {
    const drawing = drawPartition(view, tp, options)
    lines.push('', ...(drawing.length === 0 ? [`    ${tp}  no replica yet`] : drawing))
  }
  return lines.join('\n')
}

/** Names instead of numbers: `b1` for broker.id 1; null where there is none. */
export function clusterObject(view: ClusterView, atUs: number): object {
  const partitions = Object.entries(view.partitions).map(([tp, partition]) => ({
    topicPartition: tp,
    leader: actingLeader(view, tp) ?? null,
    leaderEpoch: partition.leaderEpoch,
    isr: partition.isr.map(brokerName),
    replicas: partition.replicas.map((id) => {
      const replica = view.brokers[brokerName(id)]?.replicas[tp]
      return {
        broker: brokerName(id),
        role: replica?.role ?? 'none',
        logEndOffset: replica?.logEndOffset ?? 0,
        highWatermark: replica?.highWatermark ?? 0,
        checkpointedHighWatermark: replica?.checkpointed ?? null,
      }
    }),
  }))
  return {
    atMs: atUs / 1000,
    controller: view.controller.broker < 0 ? null : brokerName(view.controller.broker),
    controllerEpoch: view.controller.epoch,
    zooKeeperLeader: zooKeeperLeader(view) ?? null,
    machines: Object.fromEntries(Object.entries(view.machines).map(([name, { state }]) => [name, state])),
    partitions,
  }
}
