/** Which broker to ask for metadata or a coordinator: `NetworkClient.leastLoadedNode`, up to 2.3 in substance the same. */
import type { RandomStream } from '../host/index.ts'
import type { NodeConnection } from './node-connection.ts'

/**
 * A broker without requests under way that is connected, else the one with the fewest that may be connected to; none if
 * all have just failed. The search begins anywhere.
 */
export function leastLoaded<Node>(
  nodes: readonly Node[],
  connectionTo: (node: Node) => NodeConnection | undefined,
  random: RandomStream,
): Node | undefined {
  if (nodes.length === 0) return undefined
  const start = random.intBelow(nodes.length, 'first node')
  let best: Node | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(start + i) % nodes.length]!
    const connection = connectionTo(node)
    const pending = connection?.pending ?? 0
    if (pending === 0 && connection?.ready === true) return node
    if (connection?.blackedOut === true || pending >= fewest) continue
    best = node
    fewest = pending
  }
  return best
}
