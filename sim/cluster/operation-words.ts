/** An operation on ZooKeeper in the words of its API: `create /lock "c1" (ephemeral)`. */
import { unreachable } from '../../src/host/index.ts'
import type { MultiPart } from '../../src/zookeeper/index.ts'
import type { ZkOperation } from '../scenario/plan.ts'

export function operationWords(operation: ZkOperation): string {
  switch (operation.op) {
    case 'getData':
    case 'exists':
    case 'getChildren':
      return `${operation.op} ${operation.path}${operation.watch ? ' with a watch' : ''}`
    case 'sync':
      return `sync ${operation.path}`
    case 'multi':
      return `multi [${operation.parts.map(partWords).join(', ')}]`
    case 'close':
      return 'close its session'
    case 'create':
    case 'delete':
    case 'setData':
      return partWords(operation)
    default:
      return unreachable(operation)
  }
}

function partWords(part: MultiPart): string {
  switch (part.op) {
    case 'create': {
      const data = part.data === '' ? '' : ` "${part.data}"`
      return `create ${part.path}${data}${part.mode === 'persistent' ? '' : ` (${part.mode.replace('-', ' ')})`}`
    }
    case 'setData':
      return `setData ${part.path} "${part.data}"${ifVersion(part.version)}`
    case 'delete':
    case 'check':
      return `${part.op} ${part.path}${ifVersion(part.version)}`
    default:
      return unreachable(part)
  }
}

const ifVersion = (version: number): string => (version === -1 ? '' : ` if version ${version}`)
