/**
 * A client's blocking connection to one broker, as `kafka/producer/SyncProducer.scala` over
 * `kafka/network/BlockingChannel.scala` (0.8.2.2) has it: it connects when first used, has one request outstanding, and
 * drops the connection when that fails.
 *
 * The thread of the original reads only while it waits for an answer, so it does not notice that an idle connection
 * died. It learns so from the next request: a write to a connection that the peer has closed still succeeds once (the
 * peer's system then answers with a reset), reading from it ends at once, and a write after a reset fails.
 */
import {
  type Address,
  type CloseReason,
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
  type ResponseTo,
  type RpcFailure,
  requestSize,
} from '../protocol/index.ts'

export type ExchangeResult<R> =
  | { readonly ok: true; readonly response: R }
  /** `delivered`: the request was written to a connection that stood, so the broker may have taken it. */
  | { readonly ok: false; readonly failure: RpcFailure; readonly delivered: boolean }

interface Exchange {
  readonly request: KafkaRequest
  readonly answered: boolean
  readonly written: () => void
  readonly done: (result: ExchangeResult<KafkaResponse | undefined>) => void
  timer: Timer | undefined
}

export class SyncChannel {
  readonly address: Address
  private readonly host: Host
  private readonly timeoutUs: Micros
  private readonly name: string
  private connection: Connection | undefined
  private standing = false
  /** How an idle connection ended, not yet noticed by the client. */
  private ended: CloseReason | undefined
  private pending: Exchange | undefined

  /** @param timeoutUs longest wait for a connection to stand, and then for an answer */
  constructor(host: Host, address: Address, timeoutUs: Micros, name: string) {
    this.host = host
    this.address = address
    this.timeoutUs = timeoutUs
    this.name = name
  }

  /** Sends a request and waits for the answer; `written` is called when the request goes out on a standing connection. */
  call<R extends KafkaRequest>(
    request: R,
    written: () => void,
    done: (result: ExchangeResult<ResponseTo<R>>) => void,
  ): void {
    this.begin({ request, answered: true, written, done: done as Exchange['done'], timer: undefined })
  }

  /** Sends a request that gets no answer (Produce with acks 0): done when written. */
  post(request: KafkaRequest, written: () => void, done: (result: ExchangeResult<undefined>) => void): void {
    this.begin({ request, answered: false, written, done: done as Exchange['done'], timer: undefined })
  }

  /** Closes the connection; a pending request is forgotten without a word. */
  close(): void {
    this.pending?.timer?.cancel()
    this.pending = undefined
    this.drop()
  }

  digest(digest: Digest): void {
    digest
      .string(this.address.machine)
      .int(this.address.port)
      .boolean(this.connection !== undefined)
    digest.boolean(this.standing).string(this.ended ?? '')
    const pending = this.pending
    digest.boolean(pending !== undefined)
    if (pending !== undefined)
      digest.string(pending.request.api).int(pending.request.api === 'Produce' ? pending.request.correlationId : 0)
  }

  private begin(exchange: Exchange): void {
    invariant(this.pending === undefined, () => `${this.name}: a second request on a blocking channel`)
    if (this.ended !== undefined) {
      this.beginOnDeadConnection(exchange)
      return
    }
    this.pending = exchange
    if (this.standing) this.write(exchange)
    else this.connect()
  }

  private beginOnDeadConnection(exchange: Exchange): void {
    if (!exchange.answered && this.ended === 'peer-closed') {
      this.ended = 'reset'
      exchange.written()
      exchange.done({ ok: true, response: undefined })
      return
    }
    this.drop()
    exchange.done({ ok: false, failure: 'disconnected', delivered: false })
  }

  private connect(): void {
    this.connection = this.host.connect(
      this.address,
      {
        opened: (connection) => {
          if (connection !== this.connection) return
          this.standing = true
          if (this.pending !== undefined) this.write(this.pending)
        },
        received: (message, connection) => {
          if (connection === this.connection) this.received(message as ResponseFrame)
        },
        closed: (reason, connection) => {
          if (connection === this.connection) this.closed(reason)
        },
      },
      this.timeoutUs,
    )
  }

  private write(exchange: Exchange): void {
    const frame: RequestFrame = { frame: 'request', request: exchange.request }
    this.connection!.send(frame, requestSize(exchange.request))
    exchange.written()
    if (exchange.answered) {
      exchange.timer = this.host.setTimer(this.timeoutUs, `${this.name} ${exchange.request.api} timeout`, () =>
        this.fail('timeout'),
      )
      return
    }
    this.pending = undefined
    exchange.done({ ok: true, response: undefined })
  }

  private received(message: ResponseFrame): void {
    const pending = this.pending
    if (pending === undefined) return
    this.pending = undefined
    pending.timer?.cancel()
    pending.done({ ok: true, response: message.response })
  }

  private closed(reason: CloseReason): void {
    if (this.pending === undefined) this.ended = reason
    else this.fail(reason === 'timeout' ? 'timeout' : 'disconnected')
  }

  private fail(failure: RpcFailure): void {
    const pending = this.pending!
    const delivered = this.standing
    this.pending = undefined
    pending.timer?.cancel()
    this.drop()
    pending.done({ ok: false, failure, delivered })
  }

  private drop(): void {
    this.connection?.close()
    this.connection = undefined
    this.standing = false
    this.ended = undefined
  }
}
