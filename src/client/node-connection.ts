/**
 * A connection to one broker on which several requests may be under way (`NetworkClient.java` of kafka-clients): answers
 * come in the order of the requests. One that fails takes all of them with it; the next request connects again, not before
 * `reconnect.backoff.ms` are over.
 */
import {
  type Address,
  type Connection,
  type Digest,
  type Host,
  invariant,
  type Micros,
  type Timer,
} from '../host/index.ts'
import {
  type KafkaRequest,
  type KafkaResponse,
  type RequestFrame,
  type ResponseFrame,
  type RpcFailure,
  type RpcResult,
  requestSize,
} from '../protocol/index.ts'

export interface ConnectionTimes {
  /** Longest wait for an answer; undefined: for ever. */
  readonly requestTimeoutUs: Micros | undefined
  readonly reconnectBackoffUs: Micros
  /** Longest wait for the connection; as for an answer if left out. */
  readonly connectTimeoutUs?: Micros
}

/** The kernel of Linux gives up a connection after so long (`net.ipv4.tcp_syn_retries` 6). */
export const KERNEL_CONNECT_TIMEOUT: Micros = 127_000_000

interface InFlight {
  readonly request: KafkaRequest
  readonly done: (result: RpcResult<KafkaResponse>) => void
  readonly timer: Timer | undefined
}

export class NodeConnection {
  private readonly host: Host
  private readonly address: Address
  private readonly times: ConnectionTimes
  private readonly name: string
  private connection: Connection | undefined
  private standing = false
  /** When it may connect again; undefined: it never failed. */
  private notBeforeUs: Micros | undefined
  private reconnect: Timer | undefined
  private inFlight: InFlight[] = []
  /** Told when the connection stands, and when it has failed, requests under way or not. */
  onChange: (state: 'opened' | 'failed') => void = () => {}

  constructor(host: Host, address: Address, times: ConnectionTimes, name: string) {
    this.host = host
    this.address = address
    this.times = times
    this.name = name
  }

  /** Requests that have no answer yet. */
  get pending(): number {
    return this.inFlight.length
  }

  /** It stands, and nothing went wrong. */
  get ready(): boolean {
    return this.standing
  }

  /** It failed, and may not try again yet. */
  get blackedOut(): boolean {
    return this.connection === undefined && this.notBeforeUs !== undefined && this.host.now() < this.notBeforeUs
  }

  /** @param timeoutUs longest wait for the answer; `request.timeout.ms` if left out */
  send(request: KafkaRequest, done: (result: RpcResult<KafkaResponse>) => void, timeoutUs?: Micros): void {
    const limit = timeoutUs ?? this.times.requestTimeoutUs
    const timer =
      limit === undefined
        ? undefined
        : this.host.setTimer(limit, `${this.name} ${request.api} timeout`, () => this.fail('timeout'))
    this.inFlight.push({ request, done, timer })
    if (this.standing) this.write(request)
    else this.connect()
  }

  /** Sends a request that nobody answers (Produce with acks 0). Only while it is `ready`. */
  post(request: KafkaRequest): void {
    invariant(this.standing, () => `${this.name}: ${request.api} on a connection that does not stand`)
    this.write(request)
  }

  /** When it may connect again: never before the end of the pause after a failure. */
  get connectableInUs(): Micros {
    return this.notBeforeUs === undefined ? 0 : Math.max(0, this.notBeforeUs - this.host.now())
  }

  /** A connection stands, or is on its way. */
  get isUnderWay(): boolean {
    return this.connection !== undefined
  }

  /** Opens the connection before there is anything to send. */
  connect(): void {
    if (this.connection !== undefined || this.reconnect !== undefined) return
    const waitUs = this.notBeforeUs === undefined ? 0 : this.notBeforeUs - this.host.now()
    if (waitUs > 0) {
      this.reconnect = this.host.setTimer(waitUs, `${this.name} reconnect`, () => {
        this.reconnect = undefined
        this.open()
      })
    } else this.open()
  }

  close(): void {
    this.reconnect?.cancel()
    this.reconnect = undefined
    this.connection?.close()
    this.connection = undefined
    this.standing = false
    for (const { timer } of this.inFlight.splice(0)) timer?.cancel()
  }

  private open(): void {
    this.connection = this.host.connect(
      this.address,
      {
        opened: (connection) => {
          if (connection !== this.connection) return
          this.standing = true
          for (const { request } of this.inFlight) this.write(request)
          this.onChange('opened')
        },
        received: (message, connection) => {
          if (connection === this.connection) this.received(message as ResponseFrame)
        },
        closed: (_reason, connection) => {
          if (connection === this.connection) this.fail('disconnected')
        },
      },
      this.times.connectTimeoutUs ?? this.times.requestTimeoutUs ?? KERNEL_CONNECT_TIMEOUT,
    )
  }

  private write(request: KafkaRequest): void {
    const frame: RequestFrame = { frame: 'request', request }
    this.connection!.send(frame, requestSize(request))
  }

  private received({ response }: ResponseFrame): void {
    const first = this.inFlight.shift()
    if (first === undefined) return
    first.timer?.cancel()
    first.done({ ok: true, response })
  }

  private fail(failure: RpcFailure): void {
    this.connection?.close()
    this.connection = undefined
    this.standing = false
    this.notBeforeUs = this.host.now() + this.times.reconnectBackoffUs
    const failed = this.inFlight.splice(0)
    for (const { timer } of failed) timer?.cancel()
    for (const { done } of failed) done({ ok: false, failure })
    this.onChange('failed')
  }

  digest(digest: Digest): void {
    digest
      .string(this.address.machine)
      .boolean(this.standing)
      .boolean(this.connection !== undefined)
    digest.int(this.notBeforeUs ?? -1).int(this.inFlight.length)
    for (const { request } of this.inFlight) digest.string(request.api)
  }
}
