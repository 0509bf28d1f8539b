/** Rough size of a ZooKeeper message on the wire in bytes: fixed fields as in its jute records, strings by length. */
import { unreachable } from '../host/index.ts'
import type { ZkMessage } from './messages.ts'
import type { ClientOperation, OperationResult } from './operation.ts'
import type { NodeTxn, Txn } from './tree/txn.ts'

/** Length prefix, header. */
const FRAME = 20
const STAT = 68
const SESSION = 8
const PASSWORD = 20

export function zkMessageBytes(message: ZkMessage): number {
  switch (message.zk) {
    case 'ConnectRequest':
    case 'ConnectResponse':
      return FRAME + SESSION + PASSWORD
    case 'Request':
    case 'Forward':
      return FRAME + SESSION + operationBytes(message.operation)
    case 'Response':
      return FRAME + resultBytes(message.result)
    case 'Ping':
    case 'Pong':
    case 'LeaderPing':
    case 'UpToDate':
      return FRAME
    case 'WatchEvent':
      return FRAME + 8 + message.path.length
    case 'Notification':
      return 48
    case 'FollowerInfo':
    case 'AckEpoch':
    case 'LeaderInfo':
    case 'NewLeader':
    case 'Ack':
    case 'Commit':
    case 'Sync':
    case 'Synced':
    case 'Revalidate':
    case 'Revalidated':
      return FRAME + 16
    case 'FollowerPing':
      return FRAME + message.touched.length * (SESSION + 4)
    case 'Diff':
    case 'Trunc':
      return message.txns.reduce((sum, txn) => sum + txnBytes(txn), FRAME)
    case 'Snap':
      return FRAME + message.bytes.length
    case 'Proposal':
      return FRAME + txnBytes(message.txn)
    default:
      return unreachable(message)
  }
}

export function txnBytes(txn: Txn): number {
  const header = 36
  const body = txn.body
  switch (body.type) {
    case 'createSession':
    case 'closeSession':
      return header + 4
    case 'error':
      return header + 4 + 4 * body.results.length
    case 'multi':
      return body.txns.reduce((sum, part) => sum + nodeTxnBytes(part), header)
    default:
      return header + nodeTxnBytes(body)
  }
}

const nodeTxnBytes = (body: NodeTxn): number => 12 + body.path.length + ('data' in body ? body.data.length : 0)

function operationBytes(operation: ClientOperation): number {
  switch (operation.op) {
    case 'multi':
      return operation.parts.reduce((sum, part) => sum + 9 + operationBytes(part), 8)
    case 'setWatches':
      return [operation.data, operation.exist, operation.child].flat().reduce((sum, path) => sum + 4 + path.length, 8)
    case 'createSession':
    case 'closeSession':
      return 8
    default:
      return 8 + operation.path.length + ('data' in operation ? operation.data.length : 0)
  }
}

function resultBytes(result: OperationResult): number {
  let bytes = 0
  if (result.path !== undefined) bytes += 4 + result.path.length
  if (result.data !== undefined) bytes += 4 + result.data.length
  if (result.stat !== undefined) bytes += STAT
  for (const child of result.children ?? []) bytes += 4 + child.length
  for (const part of result.results ?? []) bytes += 9 + (part.path?.length ?? 0) + (part.stat === undefined ? 0 : STAT)
  return bytes
}
