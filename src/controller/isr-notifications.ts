/**
 * What leaders tell the controller of changes of the ISR, through sequential nodes under `/isr_change_notification`
 * (KAFKA-1367, from 0.9): it refreshes its cache and passes the news to all brokers. Before, metadata shows an ISR as it
 * was when the controller last had a hand in it. `IsrChangeNotificationListener` in
 * `core/src/main/scala/kafka/controller/KafkaController.scala`, release 0.9.0.0.
 */
import type { Task } from '../host/index.ts'
import { decodePartitionList, type TopicPartition, topicPartition, zkPaths } from '../protocol/index.ts'
import type { ControllerCore } from './controller-core.ts'
import { readPartitionState } from './partition-state-store.ts'
import { parsed } from './refusal.ts'
import { deleteNode, readNode } from './zk-data.ts'

export class IsrNotifications {
  private readonly core: ControllerCore
  private unsubscribe: (() => void) | undefined
  private readonly notified: (children: readonly string[]) => void

  constructor(core: ControllerCore) {
    this.core = core
    this.notified = core.lock.listener('ISR changes', (children) => this.handle(children))
  }

  register(): void {
    const { zk, versions } = this.core.context.environment
    if (versions.isrPropagation === 'none') return
    this.unsubscribe ??= zk.subscribeChildren(zkPaths.isrChangeNotification, (children) => this.notified(children))
  }

  deregister(): void {
    this.unsubscribe?.()
    this.unsubscribe = undefined
  }

  private *handle(children: readonly string[]): Task<void> {
    const { context } = this.core
    if (children.length === 0 || context.channels === undefined) return
    const { zk } = context.environment
    const nodes = [...children].sort().map((child) => `${zkPaths.isrChangeNotification}/${child}`)
    const changed = new Set<TopicPartition>()
    for (const node of nodes) for (const tp of yield* this.read(node)) changed.add(tp)
    for (const tp of changed) {
      const state = yield* readPartitionState(zk, tp)
      if (state !== undefined && context.assignment.has(tp)) context.leadership.set(tp, state)
    }
    const known = [...changed].filter((tp) => context.leadership.has(tp) && context.assignment.has(tp))
    if (known.length > 0) this.core.sendUpdateMetadata(context.liveOrShuttingDownBrokerIds(), known)
    for (const node of nodes) yield* deleteNode(context.writes, node)
  }

  private *read(node: string): Task<TopicPartition[]> {
    const content = yield* readNode(this.core.context.environment.zk, node)
    if (content === undefined) return []
    return parsed('a notification of ISR changes', () =>
      decodePartitionList(content.data).map(({ topic, partition }) => topicPartition(topic, partition)),
    )
  }
}
