/**
 * Draws the znodes of ZooKeeper as a tree, with versions, owners and data:
 *
 *     /
 *     ├─ brokers
 *     │  └─ ids
 *     │     └─ 1  v0  ephemeral of b1 (session 0x0100000000ea0001)  {"jmx_port":-1, …
 *     └─ controller_epoch  v2  3
 *
 * Data are cut where the line ends, children where there are too many.
 */
import type { Zxid } from '../../src/zookeeper/index.ts'
import type { ClusterView } from './cluster-view.ts'
import { clip, type Painter, plainPainter } from './painter.ts'

/** A node as it is drawn; the fields of ZooKeeper's Stat that do not follow from others. */
export interface TreeNode {
  readonly path: string
  readonly data: string
  readonly version: number
  readonly cversion: number
  readonly czxid: Zxid
  readonly mzxid: Zxid
  readonly pzxid: Zxid
  /** Null for a persistent node. */
  readonly owner: { readonly session: string; readonly machine: string | null } | null
}

export interface TreeOptions {
  /** Terminal cells of a line. */
  readonly width: number
  readonly painter: Painter
  readonly ascii: boolean
  /** Children of a node that are drawn. */
  readonly children: number
  /** Session ids beside the machines that own them. */
  readonly sessions: boolean
  readonly indent: string
}

/** What ZooKeeper has committed. Every ensemble has `/zookeeper/quota` from the beginning: no transaction made it. */
export function committedTree(view: ClusterView): TreeNode[] {
  const children = new Map([['/', 1]])
  for (const path of Object.keys(view.znodes)) {
    if (path !== '/') children.set(parentOf(path), (children.get(parentOf(path)) ?? 0) + 1)
  }
  const { '/': root, ...others } = view.znodes
  const nodes: TreeNode[] = [
    { ...born, path: '/', cversion: 2 * (root?.childrenCreated ?? 0) - children.get('/')!, pzxid: root?.pzxid ?? 0 },
    { ...born, path: '/zookeeper', cversion: -1 },
    { ...born, path: '/zookeeper/quota', cversion: 0 },
  ]
  for (const path of Object.keys(others)) {
    const { data, version, czxid, mzxid, pzxid, childrenCreated, ephemeralOwner } = others[path]!
    const cversion = 2 * childrenCreated - (children.get(path) ?? 0)
    nodes.push({ path, data, version, cversion, czxid, mzxid, pzxid, owner: ownerOf(view, ephemeralOwner) })
  }
  return nodes
}

const born = { data: '', version: 0, czxid: 0, mzxid: 0, pzxid: 0, owner: null } as const

/** Without the nodes that every ensemble has: what a story is about. */
export const withoutOwn = (nodes: readonly TreeNode[]): TreeNode[] =>
  nodes.filter(({ path }) => path !== '/zookeeper' && path !== '/zookeeper/quota')

/** A session with the machine that it was given to. */
export const ownerOf = (view: ClusterView, session: string | null): TreeNode['owner'] =>
  session === null ? null : { session, machine: view.sessions[session]?.owner ?? null }

/** @param root path of the node to begin with */
export function drawTree(nodes: readonly TreeNode[], root = '/', options: Partial<TreeOptions> = {}): string[] {
  const {
    width = 100,
    painter = plainPainter,
    ascii = false,
    children: most = 1000,
    sessions = true,
    indent = '',
  } = options
  const byPath = new Map(nodes.map((node) => [node.path, node]))
  const children = new Map<string, string[]>()
  for (const { path } of nodes) {
    if (path === '/') continue
    const siblings = children.get(parentOf(path))
    if (siblings === undefined) children.set(parentOf(path), [path])
    else siblings.push(path)
  }
  const [fork, last, through, blank] = ascii ? ['|- ', '`- ', '|  ', '   '] : ['├─ ', '└─ ', '│  ', '   ']
  const lines: string[] = []
  const draw = (path: string, name: string, stem: string, below: string): void => {
    lines.push(
      `${indent}${stem}${label(byPath.get(path), name, width - indent.length - stem.length, painter, sessions)}`,
    )
    const all = (children.get(path) ?? []).sort()
    const shown = all.length > most ? all.slice(0, most - 1) : all
    for (const [index, child] of shown.entries()) {
      const isLast = index === all.length - 1
      draw(
        child,
        child.slice(child.lastIndexOf('/') + 1),
        below + (isLast ? last : fork),
        below + (isLast ? blank : through),
      )
    }
    if (shown.length < all.length) {
      lines.push(`${indent}${below}${last}${painter.paint('quiet', `… and ${all.length - shown.length} more`)}`)
    }
  }
  draw(root, root, '', '')
  return lines
}

function label(node: TreeNode | undefined, name: string, width: number, painter: Painter, sessions: boolean): string {
  if (node === undefined) return name
  const parts: Array<readonly ['plain' | 'quiet' | 'machine' | 'mark', string]> = [['mark', name]]
  const isPlain = node.version === 0 && node.data === '' && node.owner === null
  if (!isPlain) parts.push(['quiet', `v${node.version}`])
  if (node.owner !== null) {
    const { machine, session } = node.owner
    const who = machine === null ? `session ${session}` : sessions ? `${machine} (session ${session})` : machine
    parts.push(['machine', `ephemeral of ${who}`])
  }
  if (node.data !== '')
    parts.push(['plain', node.data.startsWith('{') ? oneLine(node.data) : `"${oneLine(node.data)}"`])
  let used = 0
  const painted: string[] = []
  for (const [tone, text] of parts) {
    const room = width - used
    if (room < 4 && painted.length > 0) break
    const shown = clip(text, room)
    painted.push(painter.paint(tone, shown))
    used += text.length + 2
  }
  return painted.join('  ')
}

/** Data are anybody's bytes: what would move the cursor is shown by its number. */
const oneLine = (data: string): string =>
  data.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const parentOf = (path: string): string => {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}
