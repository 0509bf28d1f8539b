/**
 * ZooKeeper's client protocol, as far as our own ZooKeeper offers it: requests to bytes, replies from bytes. Written from
 * the protocol's description (record names and numbers of zookeeper.jute), for tests only.
 */
import type { CreateMode, MultiPart, WatchEventType } from '../../../../src/zookeeper/index.ts'
import { ZK_ERROR_CODES, type ZkError } from '../../../../src/zookeeper/index.ts'
import { type JuteReader, JuteWriter } from './jute.ts'

export const NOTIFICATION_XID = -1
export const PING_XID = -2
export const SET_WATCHES_XID = -8

const OP = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  setWatches: 101,
  closeSession: -11,
  error: -1,
} as const

const FLAGS: Readonly<Record<CreateMode, number>> = {
  persistent: 0,
  ephemeral: 1,
  'persistent-sequential': 2,
  'ephemeral-sequential': 3,
}

/** All permissions for everybody. */
const OPEN_ACL = { permissions: 31, scheme: 'world', id: 'anyone' }

export interface WireStat {
  readonly czxid: bigint
  readonly mzxid: bigint
  readonly ctimeMs: bigint
  readonly mtimeMs: bigint
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  /** 0n for a persistent node. */
  readonly ephemeralOwner: bigint
  readonly dataLength: number
  readonly numChildren: number
  readonly pzxid: bigint
}

export type WireRequest =
  | MultiPart
  | { readonly op: 'getData' | 'exists' | 'getChildren'; readonly path: string; readonly watch: boolean }
  | { readonly op: 'sync'; readonly path: string }
  | { readonly op: 'multi'; readonly parts: readonly MultiPart[] }
  | {
      readonly op: 'setWatches'
      readonly relativeZxid: bigint
      readonly data: readonly string[]
      readonly exist: readonly string[]
      readonly child: readonly string[]
    }
  | { readonly op: 'ping' }
  | { readonly op: 'closeSession' }

export interface WireMultiResult {
  readonly error: ZkError
  readonly path?: string
  readonly stat?: WireStat
}

/** A reply; which fields there are depends on the request. */
export interface WireReply {
  readonly xid: number
  readonly zxid: bigint
  readonly error: ZkError
  readonly path?: string
  readonly data?: string
  readonly stat?: WireStat
  readonly children?: readonly string[]
  readonly results?: readonly WireMultiResult[]
}

export interface WireConnectResponse {
  /** 0 or less: the session is gone. */
  readonly timeoutMs: number
  readonly session: bigint
  readonly password: Buffer
}

export interface WireEvent {
  readonly type: WatchEventType
  readonly path: string
}

export function encodeConnect(request: {
  lastZxidSeen: bigint
  timeoutMs: number
  session: bigint
  password: Uint8Array
}): Buffer {
  const protocolVersion = 0
  const readOnly = false
  return new JuteWriter()
    .int(protocolVersion)
    .long(request.lastZxidSeen)
    .int(request.timeoutMs)
    .long(request.session)
    .buffer(request.password)
    .boolean(readOnly)
    .frame()
}

export function decodeConnect(reader: JuteReader): WireConnectResponse {
  reader.int()
  return { timeoutMs: reader.int(), session: reader.long(), password: Buffer.from(reader.buffer()) }
}

export function encodeRequest(xid: number, request: WireRequest): Buffer {
  const writer = new JuteWriter()
  switch (request.op) {
    case 'create':
    case 'delete':
    case 'setData':
    case 'check':
      writePart(writer.int(xid).int(OP[request.op]), request)
      break
    case 'getData':
    case 'exists':
      writer.int(xid).int(OP[request.op]).string(request.path).boolean(request.watch)
      break
    case 'getChildren':
      writer.int(xid).int(OP.getChildren2).string(request.path).boolean(request.watch)
      break
    case 'sync':
      writer.int(xid).int(OP.sync).string(request.path)
      break
    case 'multi':
      writer.int(xid).int(OP.multi)
      for (const part of request.parts) writePart(writer.int(OP[part.op]).boolean(false).int(-1), part)
      writer.int(-1).boolean(true).int(-1)
      break
    case 'setWatches':
      writer.int(xid).int(OP.setWatches).long(request.relativeZxid)
      for (const paths of [request.data, request.exist, request.child]) {
        writer.vector(paths, (path) => writer.string(path))
      }
      break
    case 'ping':
    case 'closeSession':
      writer.int(xid).int(OP[request.op])
      break
  }
  return writer.frame()
}

function writePart(writer: JuteWriter, part: MultiPart): void {
  writer.string(part.path)
  switch (part.op) {
    case 'create':
      writer.buffer(Buffer.from(part.data, 'utf8'))
      writer.vector([OPEN_ACL], (acl) => writer.int(acl.permissions).string(acl.scheme).string(acl.id))
      writer.int(FLAGS[part.mode])
      break
    case 'setData':
      writer.buffer(Buffer.from(part.data, 'utf8')).int(part.version)
      break
    case 'delete':
    case 'check':
      writer.int(part.version)
  }
}

/** What stands before every reply and event. */
export function readHeader(reader: JuteReader): { xid: number; zxid: bigint; error: ZkError } {
  return { xid: reader.int(), zxid: reader.long(), error: errorName(reader.int()) }
}

const EVENT_TYPES: ReadonlyMap<number, WatchEventType> = new Map([
  [1, 'NodeCreated'],
  [2, 'NodeDeleted'],
  [3, 'NodeDataChanged'],
  [4, 'NodeChildrenChanged'],
])

export function readEvent(reader: JuteReader): WireEvent {
  const code = reader.int()
  reader.int()
  const type = EVENT_TYPES.get(code)
  if (type === undefined) throw new Error(`the server sent a watch event of type ${code}`)
  return { type, path: reader.string() }
}

/** The body of the reply to `request`; a refusal has none, but for multi. */
export function readBody(reader: JuteReader, request: WireRequest, error: ZkError): Partial<WireReply> {
  if (request.op === 'multi') return reader.remaining === 0 ? {} : { results: readMultiResults(reader) }
  if (error !== 'OK') return {}
  switch (request.op) {
    case 'create':
    case 'sync':
      return { path: reader.string() }
    case 'setData':
    case 'exists':
      return { stat: readStat(reader) }
    case 'getData':
      return { data: reader.string(), stat: readStat(reader) }
    case 'getChildren':
      return { children: reader.vector(() => reader.string()), stat: readStat(reader) }
    default:
      return {}
  }
}

function readMultiResults(reader: JuteReader): WireMultiResult[] {
  const results: WireMultiResult[] = []
  for (;;) {
    const type = reader.int()
    const done = reader.boolean()
    reader.int()
    if (done) return results
    if (type === OP.error) results.push({ error: errorName(reader.int()) })
    else if (type === OP.create) results.push({ error: 'OK', path: reader.string() })
    else if (type === OP.setData) results.push({ error: 'OK', stat: readStat(reader) })
    else if (type === OP.delete || type === OP.check) results.push({ error: 'OK' })
    else throw new Error(`the server sent a multi result of type ${type}`)
  }
}

function readStat(reader: JuteReader): WireStat {
  return {
    czxid: reader.long(),
    mzxid: reader.long(),
    ctimeMs: reader.long(),
    mtimeMs: reader.long(),
    version: reader.int(),
    cversion: reader.int(),
    aversion: reader.int(),
    ephemeralOwner: reader.long(),
    dataLength: reader.int(),
    numChildren: reader.int(),
    pzxid: reader.long(),
  }
}

const ERROR_NAMES: ReadonlyMap<number, ZkError> = new Map(
  Object.entries(ZK_ERROR_CODES).map(([name, code]) => [code, name as ZkError]),
)

function errorName(code: number): ZkError {
  const name = ERROR_NAMES.get(code)
  if (name === undefined) throw new Error(`the server answered with error ${code}, which we have no name for`)
  return name
}
