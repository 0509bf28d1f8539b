/**
 * Who sends a member's heartbeats. In 0.9 the application does, in effect: they go out while it is inside of `poll`, so a
 * message that takes longer than the session costs the membership. Since 0.10.1 (KIP-62) a thread sends them, and leaves
 * the group when the application has not called for `max.poll.interval.ms`.
 */
import type { Digest, Host } from '../../host/index.ts'
import { ErrorCode, errorName, type HeartbeatResponse, type RpcResult } from '../../protocol/index.ts'
import type { ClientEvent } from '../events.ts'
import type { ConsumerNetwork, DelayedTask, Node } from './consumer-network.ts'
import type { CoordinatorLookup } from './coordinator-lookup.ts'
import type { GroupMember } from './group-member.ts'
import { Heartbeat, type HeartbeatTimes } from './heartbeat.ts'

export interface HeartbeatsOptions extends HeartbeatTimes {
  readonly client: string
  readonly group: string
  readonly inBackground: boolean
}

export class Heartbeats {
  private readonly host: Host
  private readonly network: ConsumerNetwork
  private readonly lookup: CoordinatorLookup
  private readonly member: GroupMember
  private readonly options: HeartbeatsOptions
  private readonly heartbeat: Heartbeat
  private readonly task: DelayedTask
  private inFlight = false
  private correlationId = 0

  constructor(
    host: Host,
    parts: { readonly network: ConsumerNetwork; readonly lookup: CoordinatorLookup; readonly member: GroupMember },
    options: HeartbeatsOptions,
  ) {
    this.host = host
    this.network = parts.network
    this.lookup = parts.lookup
    this.member = parts.member
    this.options = options
    this.heartbeat = new Heartbeat(options)
    this.task = { name: `${options.client} heartbeat`, run: () => this.run() }
  }

  /** A session begins. */
  reset(): void {
    this.heartbeat.reset(this.host.now())
    this.network.unschedule(this.task)
    if (!this.inFlight || this.options.inBackground) this.next(0)
  }

  /** A coordinator has been found: the session counts from now on with it. */
  found(): void {
    if (this.options.inBackground) this.heartbeat.reset(this.host.now())
    else if (this.member.hasGeneration) this.reset()
  }

  /** The application calls. */
  polled(): void {
    this.heartbeat.polled(this.host.now())
  }

  stop(): void {
    this.network.unschedule(this.task)
  }

  private next(delayUs: number): void {
    this.network.schedule(this.task, delayUs)
  }

  private run(): void {
    if (this.options.inBackground) this.runInBackground()
    else this.runInPoll()
  }

  private runInPoll(): void {
    const { coordinator } = this.lookup
    if (!this.member.hasGeneration || this.member.needsRejoin || coordinator === undefined) return
    const now = this.host.now()
    if (this.heartbeat.sessionExpired(now)) return this.lookup.lost('no heartbeat was answered for a whole session')
    const waitUs = this.heartbeat.untilNextUs(now)
    if (waitUs > 0) this.next(waitUs)
    else this.send(coordinator)
  }

  private runInBackground(): void {
    // While the member is joining the thread rests.
    if (!this.member.isStable) return
    const { retryBackoffUs } = this.options
    const { coordinator } = this.lookup
    if (coordinator === undefined) {
      this.lookup.findInBackground()
      return this.next(retryBackoffUs)
    }
    const now = this.host.now()
    if (this.heartbeat.sessionExpired(now)) {
      this.lookup.lost('no heartbeat was answered for a whole session')
      return this.next(0)
    }
    if (this.heartbeat.pollExpired(now)) return this.member.leave('max.poll.interval.ms is over')
    const waitUs = this.heartbeat.untilNextUs(now)
    if (waitUs === 0 && !this.inFlight) this.send(coordinator)
    const untilUs = Math.min(this.inFlight ? Number.MAX_SAFE_INTEGER : waitUs, this.heartbeat.untilExpiryUs(now))
    this.next(Math.max(untilUs, 1))
  }

  private send(coordinator: Node): void {
    this.heartbeat.sent(this.host.now())
    this.inFlight = true
    const { client: clientId, group: groupId } = this.options
    const { generationId, memberId } = this.member
    const request = {
      api: 'Heartbeat',
      correlationId: this.correlationId++,
      clientId,
      groupId,
      generationId,
      memberId,
    } as const
    this.network.send(coordinator, request, (result) => this.answered(result, generationId))
  }

  private answered(result: RpcResult<HeartbeatResponse>, generationId: number): void {
    this.inFlight = false
    const now = this.host.now()
    const errorCode = result.ok ? result.response.errorCode : undefined
    const { client, group, retryBackoffUs, inBackground } = this.options
    const rebalancing = errorCode === ErrorCode.RebalanceInProgress
    if (errorCode === ErrorCode.NoError || (rebalancing && inBackground)) this.heartbeat.received(now)
    else this.heartbeat.fail()
    if (errorCode !== ErrorCode.NoError) {
      const error = result.ok ? errorName(errorCode!) : result.failure
      if (this.host.tracing) {
        const event: ClientEvent = { kind: 'HeartbeatFailed', client, group, error }
        this.host.trace(event)
      }
      // An answer about a generation that is over says nothing.
      if (generationId === this.member.generationId) this.failed(errorCode, error)
    }
    const waitUs = this.heartbeat.untilNextUs(now)
    this.next(errorCode === ErrorCode.NoError || inBackground ? waitUs : retryBackoffUs)
  }

  private failed(errorCode: ErrorCode | undefined, error: string): void {
    switch (errorCode) {
      case undefined:
      case ErrorCode.ConsumerCoordinatorNotAvailable:
      case ErrorCode.NotCoordinatorForConsumer:
        return this.lookup.lost(error)
      case ErrorCode.RebalanceInProgress:
        return this.member.rejoin()
      case ErrorCode.IllegalGeneration:
      case ErrorCode.UnknownMemberId:
        return this.member.expelled(errorCode === ErrorCode.UnknownMemberId)
      default:
    }
  }

  digest(digest: Digest): void {
    digest.boolean(this.inFlight).int(this.correlationId)
    this.heartbeat.digest(digest)
  }
}
