/**
 * Election of the controller: whoever creates the ephemeral node `/controller` is it, and everybody watches the node.
 * `core/src/main/scala/kafka/server/ZookeeperLeaderElector.scala`, release 0.8.2.2. Expiry of the session is left to
 * the caller, as there.
 */
import { type Digest, fromMs, type Host, sleep, type Task } from '../host/index.ts'
import { decodeController, encodeController, zkPaths } from '../protocol/index.ts'
import type { ZkClient } from '../zookeeper/index.ts'
import type { ControllerCore } from './controller-core.ts'
import { registerController } from './controller-epoch.ts'
import { FencedWrites } from './fenced-writes.ts'
import { type Refusal, refusalOf } from './refusal.ts'
import { createEphemeral, deleteNode, readNode } from './zk-data.ts'

const NOBODY = -1

/** What was read after a change of the node, null if it was gone, and how often this broker had been elected by then. */
interface Change {
  readonly data: string | null
  readonly elections: number
}

export class ZookeeperLeaderElector {
  private readonly core: ControllerCore
  private readonly host: Host
  private readonly zk: ZkClient
  private readonly brokerId: number
  private readonly onElected: () => Task<void>
  private readonly onResigned: () => boolean
  private leaderId = NOBODY
  /** Times that this broker created the node. */
  private elections = 0
  private unwatch: (() => void) | undefined

  /** @param onResigned says whether it went through; if not, this broker does not stand again */
  constructor(core: ControllerCore, onElected: () => Task<void>, onResigned: () => boolean) {
    this.core = core
    this.host = core.context.environment.host
    this.zk = core.context.environment.zk
    this.brokerId = core.context.environment.brokerId
    this.onElected = onElected
    this.onResigned = onResigned
  }

  /** Watches the node and stands for election. */
  *startup(): Task<void> {
    this.watch()
    yield* this.elect()
  }

  /** The session is gone, the node with it. */
  forget(): void {
    this.leaderId = NOBODY
  }

  /** In a new session: watches anew, and stands if there is nobody (from 1.1). */
  *reelect(): Task<void> {
    this.watch()
    yield* this.maybeResign()
    yield* this.elect()
  }

  private watch(): void {
    const listener = this.core.lock.listener<Change>('change of /controller', (change) => this.changed(change))
    this.unwatch?.()
    this.unwatch = this.zk.subscribeData(zkPaths.controller, {
      changed: (data) => listener({ data, elections: this.elections }),
      deleted: () => listener({ data: null, elections: this.elections }),
    })
  }

  /** Becomes the controller if the node is free; if anything goes wrong on the way, the node is removed again. */
  *elect(): Task<void> {
    this.leaderId = yield* this.readLeader()
    if (this.leaderId !== NOBODY) return
    try {
      if (!(yield* this.createNode())) {
        this.leaderId = yield* this.readLeader()
        return
      }
      this.leaderId = this.brokerId
      this.elections++
      yield* this.onElected()
    } catch (error) {
      const refusal = refusalOf(error)
      this.core.context.report('becoming the controller', refusal)
      if (this.fenced) return yield* this.move(refusal)
      this.leaderId = NOBODY
      yield* deleteNode(this.zk, zkPaths.controller)
    }
  }

  /** Whether the node names this broker. */
  *isNamed(): Task<boolean> {
    return (yield* this.readLeader()) === this.brokerId
  }

  /** Looks whether this broker still is the controller, and resigns if it was and is no more. */
  *maybeResign(): Task<void> {
    const was = this.leaderId === this.brokerId
    this.leaderId = yield* this.readLeader()
    if (was && this.leaderId !== this.brokerId) this.onResigned()
  }

  /** It did not become the controller: somebody else did, or whoever comes shall. */
  private *move(refusal: Refusal): Task<void> {
    yield* this.maybeResign()
    if (refusal.kind === 'controller-moved' || this.leaderId !== this.brokerId) return
    this.leaderId = NOBODY
    // Resigning forgets the epoch, which the removal is still guarded by.
    const { epochZkVersion } = this.core.context
    this.onResigned()
    yield* deleteNode(new FencedWrites(this.zk, () => epochZkVersion), zkPaths.controller)
  }

  digest(digest: Digest): void {
    digest.int(this.leaderId)
  }

  private *changed({ data, elections }: Change): Task<void> {
    if (data !== null) {
      const was = this.leaderId === this.brokerId
      this.leaderId = decodeController(data)
      const { versions } = this.core.context.environment
      // Up to 0.8.2 a controller that was replaced only takes note of its successor.
      if (was && this.leaderId !== this.brokerId && versions.replacedController === 'resigns') this.onResigned()
      return
    }
    // Kafka reads when it gets to the event: by then the node is there again, for this broker created it itself.
    if (elections !== this.elections) return
    if (this.leaderId === this.brokerId && !this.onResigned()) return
    yield* this.elect()
  }

  private get fenced(): boolean {
    return this.core.context.environment.versions.controllerWrites === 'fenced-by-epoch'
  }

  private *readLeader(): Task<number> {
    const node = yield* readNode(this.zk, zkPaths.controller)
    return node === undefined ? NOBODY : decodeController(node.data)
  }

  /**
   * False if another broker has it. A node of this broker's former session is waited out (ZOOKEEPER-1740), up to 0.8.2;
   * later its removal is an event like any other.
   */
  private *createNode(): Task<boolean> {
    const { versions } = this.core.context.environment
    const data = encodeController(this.brokerId, Math.floor(this.host.now() / 1000))
    if (this.fenced) {
      yield* registerController(this.core.context, data)
      return true
    }
    for (;;) {
      if ((yield* createEphemeral(this.zk, zkPaths.controller, data)) === 'OK') return true
      const holder = yield* this.readLeader()
      if (holder === NOBODY) continue
      if (holder !== this.brokerId || versions.staleRegistration !== 'waited-out') return false
      const timeoutMs = this.core.context.environment.config['zookeeper.session.timeout.ms']
      yield* sleep(this.host, fromMs(timeoutMs), 'wait for the former session to end')
    }
  }
}
