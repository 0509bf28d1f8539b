/**
 * A client of the real ZooKeeper over TCP, for tests: one session, one connection at a time, requests answered in order.
 * Unlike a real client library it does nothing by itself: it does not reconnect, ping or pick servers. It keeps what came
 * in, in order, and registers its watches again on a reconnect as ZooKeeper's own client does.
 */
import { connect, type Socket } from 'node:net'
import { FrameSplitter, JuteReader } from './jute.ts'
import { WatchBook } from './watch-book.ts'
import {
  decodeConnect,
  encodeConnect,
  encodeRequest,
  NOTIFICATION_XID,
  PING_XID,
  readBody,
  readEvent,
  readHeader,
  SET_WATCHES_XID,
  type WireConnectResponse,
  type WireEvent,
  type WireReply,
  type WireRequest,
} from './wire-protocol.ts'

/** Something that came over the connection. `told`: a watch of this client waited for the event. */
export type Arrival =
  | { readonly kind: 'session'; readonly granted: boolean }
  | { readonly kind: 'reply'; readonly request: WireRequest; readonly reply: WireReply }
  | { readonly kind: 'event'; readonly event: WireEvent; readonly told: boolean }

interface Waiting {
  readonly xid: number
  readonly request: WireRequest
  readonly answered: (reply: WireReply) => void
  readonly failed: (error: Error) => void
}

const NO_PASSWORD = Buffer.alloc(16)

export class WireClient {
  private readonly port: number
  private readonly answerWithinMs: number
  private readonly arrivals: Arrival[] = []
  private readonly watches = new WatchBook()
  private socket: Socket | undefined
  private handshake: { answered(response: WireConnectResponse): void; failed(error: Error): void } | undefined
  private waiting: Waiting[] = []
  private nextXid = 1
  private sessionId = 0n
  private password: Buffer = NO_PASSWORD
  private lastZxid = 0n

  /**
   * @param port on 127.0.0.1
   * @param answerWithinMs a server that is silent for longer fails what was asked
   */
  constructor(port: number, answerWithinMs = 20_000) {
    this.port = port
    this.answerWithinMs = answerWithinMs
  }

  get session(): bigint {
    return this.sessionId
  }

  /** The zxid in the last reply, pings left out. */
  get lastZxidSeen(): bigint {
    return this.lastZxid
  }

  /** Asks for a new session, or for this client's own one again. Timeout 0 in the answer: that session is gone. */
  async connect(timeoutMs: number): Promise<WireConnectResponse> {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true })
    this.socket = socket
    const splitter = new FrameSplitter()
    socket.on('data', (bytes) => {
      try {
        for (const payload of splitter.push(bytes)) this.received(payload)
      } catch (error) {
        this.lost(socket, error as Error)
        socket.destroy()
      }
    })
    socket.on('error', (error) => this.lost(socket, error))
    socket.on('close', () => this.lost(socket, new Error('the server closed the connection')))
    const { lastZxid, sessionId, password } = this
    socket.write(encodeConnect({ lastZxidSeen: lastZxid, timeoutMs, session: sessionId, password }))
    const response = await this.within(
      'a session',
      new Promise<WireConnectResponse>((answered, failed) => {
        this.handshake = { answered, failed }
      }),
    )
    if (response.timeoutMs <= 0) {
      this.disconnect()
      return response
    }
    this.sessionId = response.session
    this.password = response.password
    const again = this.watches.request(lastZxid)
    if (again !== undefined) await this.submit(SET_WATCHES_XID, again)
    return response
  }

  /** After a disconnect: gives the session a shorter life, out of sight of this client, and leaves it alone again. */
  async shorten(timeoutMs: number): Promise<void> {
    const other = new WireClient(this.port)
    await other.steal(this.sessionId, this.password, timeoutMs)
    other.disconnect()
  }

  /** Asks for a session that another client was granted. */
  steal(session: bigint, password: Buffer, timeoutMs = 10_000): Promise<WireConnectResponse> {
    this.sessionId = session
    this.password = password
    return this.connect(timeoutMs)
  }

  ask(request: WireRequest): Promise<WireReply> {
    const xid = this.nextXid
    this.nextXid += 1
    return this.submit(xid, request)
  }

  /** Comes back when everything that the server had sent before is here. Changes nothing on the server. */
  async barrier(): Promise<bigint> {
    const { zxid } = await this.submit(PING_XID, { op: 'ping' })
    return zxid
  }

  /** Cuts the connection; the server is not told that the session ends. */
  disconnect(): void {
    const { socket } = this
    this.socket = undefined
    socket?.destroy()
    this.failAll(new Error('disconnected'))
  }

  /** What came in since the last call, without answers to pings. */
  takeArrivals(): Arrival[] {
    return this.arrivals.splice(0)
  }

  private submit(xid: number, request: WireRequest): Promise<WireReply> {
    const { socket } = this
    if (socket === undefined) throw new Error(`${request.op} asked of a client that is not connected`)
    const answer = new Promise<WireReply>((answered, failed) => {
      this.waiting.push({ xid, request, answered, failed })
    })
    socket.write(encodeRequest(xid, request))
    return this.within(`the answer to ${request.op}`, answer)
  }

  private received(payload: Buffer): void {
    const reader = new JuteReader(payload)
    if (this.handshake !== undefined) {
      const { answered } = this.handshake
      this.handshake = undefined
      const response = decodeConnect(reader)
      this.arrivals.push({ kind: 'session', granted: response.timeoutMs > 0 })
      answered(response)
      return
    }
    const { xid, zxid, error } = readHeader(reader)
    if (xid === NOTIFICATION_XID) {
      const event = readEvent(reader)
      this.arrivals.push({ kind: 'event', event, told: this.watches.fired(event) })
      return
    }
    const waiting = this.waiting.shift()
    if (waiting?.xid !== xid) throw new Error(`an answer to ${xid} came where one to ${waiting?.xid} was due`)
    const { request } = waiting
    const reply = { xid, zxid, error, ...readBody(reader, request, error) }
    if (xid !== PING_XID) {
      this.lastZxid = zxid
      this.watches.answered(request, error)
      this.arrivals.push({ kind: 'reply', request, reply })
    }
    waiting.answered(reply)
  }

  private lost(socket: Socket, error: Error): void {
    if (socket !== this.socket) return
    this.socket = undefined
    this.failAll(error)
  }

  private failAll(error: Error): void {
    const { waiting, handshake } = this
    this.waiting = []
    this.handshake = undefined
    handshake?.failed(error)
    for (const { failed } of waiting) failed(error)
  }

  /** Fails a wait that takes too long, so that a silent server ends a test with a message. */
  private within<T>(what: string, promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const tooLate = (): void => reject(new Error(`${this.answerWithinMs} ms without ${what}`))
      const timer = setTimeout(tooLate, this.answerWithinMs)
      promise.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}
