/**
 * The network of a consumer (`ConsumerNetworkClient.java`, 0.9.0.1 and 1.1.1). A consumer of 0.9 has no thread of its own:
 * answers that come while the application is busy lie there until it calls the consumer again, and so do tasks that have
 * come due (heartbeats, automatic commits). Since 0.10.1 a thread in the background sees to answers at any time.
 */
import {
  type Digest,
  type Host,
  type Micros,
  type RandomStream,
  sleep,
  type Task,
  type Timer,
  until,
} from '../../host/index.ts'
import type { BrokerEndpoint, KafkaRequest, KafkaResponse, ResponseTo, RpcResult } from '../../protocol/index.ts'
import { leastLoaded } from '../least-loaded.ts'
import { type ConnectionTimes, NodeConnection } from '../node-connection.ts'

/** A broker, and on which of the two connections to it: the coordinator has one of its own. */
export interface Node extends BrokerEndpoint {
  readonly isCoordinator?: boolean
}

/** A request under way. */
export interface Pending<R> {
  result: RpcResult<R> | undefined
}

export interface DelayedTask {
  readonly name: string
  run(): void
}

export class ConsumerNetwork {
  private readonly host: Host
  private readonly name: string
  private readonly times: ConnectionTimes
  private readonly random: RandomStream
  private readonly connections = new Map<string, NodeConnection>()
  /** What came while nobody listened, in order. */
  private readonly inbox: Array<() => void> = []
  private readonly due = new Map<DelayedTask, Timer | 'due'>()
  /** How many procedures of the application's thread wait on the network. */
  private polling = 0
  private background = false
  /** Wakes who waits for anything to happen. */
  private waiting: (() => void) | undefined
  /** Told of each connection that fails. */
  onDisconnect: () => void = () => {}

  constructor(host: Host, name: string, times: ConnectionTimes) {
    this.host = host
    this.name = name
    this.times = times
    this.random = host.random('network client')
  }

  /** A thread in the background sees to answers from now on. */
  startBackground(): void {
    this.background = true
    this.drain()
  }

  // ---- requests ----

  send<R extends KafkaRequest>(
    node: Node,
    request: R,
    handle: (result: RpcResult<ResponseTo<R>>) => void = () => {},
    timeoutUs?: Micros,
  ): Pending<ResponseTo<R>> {
    const pending: Pending<ResponseTo<R>> = { result: undefined }
    const done = (result: RpcResult<KafkaResponse>): void => {
      this.deliver(() => {
        const answer = result as RpcResult<ResponseTo<R>>
        if (!answer.ok) this.onDisconnect()
        pending.result = answer
        handle(answer)
      })
    }
    this.connection(node).send(request, done, timeoutUs)
    return pending
  }

  connect(node: Node): void {
    this.connection(node).connect()
  }

  pendingCount(node: Node): number {
    return this.connections.get(keyOf(node))?.pending ?? 0
  }

  /** The connection has failed, and is not up again. */
  connectionFailed(node: Node): boolean {
    return this.connections.get(keyOf(node))?.blackedOut === true
  }

  /** A broker without requests under way, if possible one that is connected; none if all have just failed. */
  leastLoaded(nodes: readonly Node[]): Node | undefined {
    return leastLoaded(nodes, (node) => this.connections.get(keyOf(node)), this.random)
  }

  private connection(node: Node): NodeConnection {
    const key = keyOf(node)
    let connection = this.connections.get(key)
    if (connection === undefined) {
      const address = { machine: node.host, port: node.port }
      connection = new NodeConnection(this.host, address, this.times, `${this.name}→${node.host}`)
      this.connections.set(key, connection)
    }
    return connection
  }

  close(): void {
    for (const connection of this.connections.values()) connection.close()
    for (const timer of this.due.values()) if (timer !== 'due') timer.cancel()
    this.due.clear()
    this.inbox.length = 0
  }

  // ---- the application's thread in here ----

  /** Waits for the answer to a request. */
  *answerOf<R>(pending: Pending<R>): Task<RpcResult<R>> {
    this.enter()
    while (pending.result === undefined) yield* this.something(undefined)
    this.leave()
    return pending.result
  }

  /** Waits until anything has happened, or the time is over. @param timeoutUs undefined: as long as it takes */
  *poll(timeoutUs?: Micros): Task<void> {
    this.enter()
    if (timeoutUs === undefined || timeoutUs > 0) yield* this.something(timeoutUs)
    this.leave()
  }

  /** Waits until no request to a broker is under way. */
  *awaitPending(node: Node): Task<void> {
    this.enter()
    while (this.pendingCount(node) > 0) yield* this.something(undefined)
    this.leave()
  }

  /** The thread sleeps: nobody looks at the network meanwhile, unless there is a thread in the background. */
  *backOff(us: Micros): Task<void> {
    yield* sleep(this.host, us, `${this.name} back-off`)
  }

  private *something(timeoutUs: Micros | undefined): Task<void> {
    yield* until<void>((resume) => {
      let timer: Timer | undefined
      const wake = (): void => {
        timer?.cancel()
        this.waiting = undefined
        resume()
      }
      if (timeoutUs !== undefined) timer = this.host.setTimer(timeoutUs, `${this.name} poll`, wake)
      this.waiting = wake
    })
  }

  private enter(): void {
    this.polling++
    this.drain()
  }

  private leave(): void {
    this.polling--
  }

  private get listens(): boolean {
    return this.polling > 0 || this.background
  }

  private deliver(event: () => void): void {
    if (!this.listens || this.inbox.length > 0) {
      this.inbox.push(event)
      return
    }
    event()
    this.waiting?.()
  }

  /** Sees to what has come, then to what has come due. */
  private drain(): void {
    for (let event = this.inbox.shift(); event !== undefined; event = this.inbox.shift()) event()
    for (const [task, timer] of [...this.due]) if (timer === 'due') this.run(task)
  }

  // ---- delayed tasks ----

  /** Runs a task when the time has come and somebody is in here; a task is scheduled once at a time. */
  schedule(task: DelayedTask, delayUs: Micros): void {
    this.unschedule(task)
    const timer = this.host.setTimer(Math.max(0, delayUs), task.name, () => {
      if (this.listens) this.run(task)
      else this.due.set(task, 'due')
    })
    this.due.set(task, timer)
  }

  unschedule(task: DelayedTask): void {
    const timer = this.due.get(task)
    if (timer !== undefined && timer !== 'due') timer.cancel()
    this.due.delete(task)
  }

  private run(task: DelayedTask): void {
    this.due.delete(task)
    task.run()
    this.waiting?.()
  }

  digest(digest: Digest): void {
    digest.int(this.polling).boolean(this.background).int(this.inbox.length).int(this.due.size)
    for (const connection of this.connections.values()) connection.digest(digest)
  }
}

const keyOf = (node: Node): string => `${node.isCoordinator === true ? 'coordinator ' : ''}${node.host}:${node.port}`
