/**
 * Request and response over a connection, as Kafka's 0.8 `BlockingChannel` and `SocketServer` do it: a server reads one
 * request at a time from a connection and reads the next when it has answered, so answers come in request order.
 */
import { type Address, type Connection, type Host, invariant, type Micros, type Timer } from '../host/index.ts'
import {
  type KafkaRequest,
  type KafkaResponse,
  type RequestFrame,
  type ResponseFrame,
  type ResponseTo,
  requestSize,
  responseSize,
} from './messages.ts'

export type RpcFailure = 'disconnected' | 'timeout'

export type RpcResult<R> =
  | { readonly ok: true; readonly response: R }
  | { readonly ok: false; readonly failure: RpcFailure }

/**
 * A client's channel to one broker: connects when first used, one request outstanding, and closes the connection when a
 * request times out (a late answer must not be taken for that of the next request).
 */
export class BlockingChannel {
  private connection: Connection | undefined
  private pending: { readonly done: (result: RpcResult<KafkaResponse>) => void; readonly timer: Timer } | undefined
  private readonly host: Host
  readonly address: Address
  private readonly timeoutUs: Micros
  private readonly name: string

  constructor(host: Host, address: Address, timeoutUs: Micros, name: string) {
    this.host = host
    this.address = address
    this.timeoutUs = timeoutUs
    this.name = name
  }

  get busy(): boolean {
    return this.pending !== undefined
  }

  get connected(): boolean {
    return this.connection !== undefined
  }

  /** Sends a request and calls `done` once with the answer or the failure. */
  call<R extends KafkaRequest>(request: R, done: (result: RpcResult<ResponseTo<R>>) => void): void {
    invariant(this.pending === undefined, `${this.name}: a second request on a blocking channel`)
    this.pending = {
      done: done as (result: RpcResult<KafkaResponse>) => void,
      timer: this.host.setTimer(this.timeoutUs, `${this.name} ${request.api} timeout`, () => this.fail('timeout')),
    }
    this.transmit(request)
  }

  /** Sends a request that gets no answer (Produce with acks 0). */
  post(request: KafkaRequest): void {
    invariant(this.pending === undefined, `${this.name}: a second request on a blocking channel`)
    this.transmit(request)
  }

  /** Closes the connection; the pending request is forgotten without a word. */
  close(): void {
    this.connection?.close()
    this.connection = undefined
    this.pending?.timer.cancel()
    this.pending = undefined
  }

  private transmit(request: KafkaRequest): void {
    this.connection ??= this.host.connect(
      this.address,
      {
        received: (message) => this.received(message as ResponseFrame),
        closed: (_reason, connection) => {
          if (connection !== this.connection) return
          this.connection = undefined
          this.fail('disconnected')
        },
      },
      this.timeoutUs,
    )
    const frame: RequestFrame = { frame: 'request', request }
    this.connection.send(frame, requestSize(request))
  }

  private received(message: ResponseFrame): void {
    const pending = this.pending
    if (pending === undefined) return
    this.pending = undefined
    pending.timer.cancel()
    pending.done({ ok: true, response: message.response })
  }

  private fail(failure: RpcFailure): void {
    this.connection?.close()
    this.connection = undefined
    const pending = this.pending
    if (pending === undefined) return
    this.pending = undefined
    pending.timer.cancel()
    pending.done({ ok: false, failure })
  }
}

/** What a server may do with a request. Exactly one of the three, once. */
export interface Responder {
  send(response: KafkaResponse): void
  /** acks 0: nothing to say; the next request may be read. */
  noResponse(): void
  /** Hangs up, as 0.8 does when a request without an answer failed. */
  hangUp(): void
}

export type RequestHandler = (request: KafkaRequest, responder: Responder, connection: Connection) => void

/** What stands on a port. */
export interface RpcServer {
  /** Accepts nothing more, closes every connection, forgets requests that wait and drops late answers. */
  shutdown(): void
}

/** Serves requests on a port, one at a time a connection. */
export function serve(host: Host, port: number, handle: RequestHandler): RpcServer {
  const hangUps = new Map<number, () => void>()
  host.listen(port, (connection) => {
    const waiting: KafkaRequest[] = []
    let muted = false
    let ended = false
    const next = (): void => {
      while (!muted && !ended) {
        const request = waiting.shift()
        if (request === undefined) return
        muted = true
        handle(request, responder(), connection)
      }
    }
    const responder = (): Responder => {
      let used = false
      const use = (): boolean => {
        invariant(!used, 'a request was answered twice')
        used = true
        return !ended
      }
      return {
        send(response) {
          if (!use()) return
          const frame: ResponseFrame = { frame: 'response', response }
          connection.send(frame, responseSize(response))
          muted = false
          next()
        },
        noResponse() {
          if (!use()) return
          muted = false
          next()
        },
        hangUp() {
          if (use()) hangUp()
        },
      }
    }
    const hangUp = (): void => {
      ended = true
      waiting.length = 0
      hangUps.delete(connection.id)
      connection.close()
    }
    hangUps.set(connection.id, hangUp)
    return {
      received(message) {
        waiting.push((message as RequestFrame).request)
        next()
      },
      closed() {
        ended = true
        waiting.length = 0
        hangUps.delete(connection.id)
      },
    }
  })
  return {
    shutdown() {
      host.unlisten(port)
      for (const hangUp of [...hangUps.values()]) hangUp()
    },
  }
}
