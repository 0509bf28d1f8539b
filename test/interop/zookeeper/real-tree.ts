/**
 * The tree of the real server below a node, as its own command line client zkCli.sh shows it, or read over our wire
 * client. Nodes come sorted by path; zxids and session ids are as the server tells them.
 */
import { spawnSync } from 'node:child_process'
import { childPath } from '../../../src/zookeeper/index.ts'
import { ZK_CLI } from './real-server.ts'
import { WireClient } from './wire/wire-client.ts'

export interface RealNode {
  readonly path: string
  readonly data: string
  readonly czxid: bigint
  readonly mzxid: bigint
  readonly pzxid: bigint
  readonly version: number
  readonly cversion: number
  /** 0n for a persistent node. */
  readonly ephemeralOwner: bigint
  readonly dataLength: number
  readonly numChildren: number
}

const ZK_CLI_TIMEOUT_MS = 60_000

/** Through zkCli.sh; names and data must be without line breaks, names without blanks. */
export function treeByZkCli(port: number, root: string): RealNode[] {
  const listing = zkCli(port, [`ls -R ${root}`])
  const paths = listing.split('\n').filter((line) => line === root || line.startsWith(childPath(root, '')))
  const text = zkCli(
    port,
    paths.map((path) => `get -s ${path}`),
  )
  const nodes: RealNode[] = []
  const found = text.matchAll(/^(.*)\n(cZxid = .*\n(?:\w+ = .*\n?){10})/gm)
  for (const [index, [, data, stat]] of [...found].entries()) {
    const path = paths[index]
    if (path === undefined) throw new Error(`zkCli.sh shows more nodes than ${paths.length}`)
    nodes.push(nodeOf(path, data!, stat!))
  }
  if (nodes.length !== paths.length)
    throw new Error(`zkCli.sh shows ${nodes.length} of ${paths.length} nodes:\n${text}`)
  return nodes.sort(byPath)
}

/** Over the wire protocol, with a session of its own. */
export async function treeByWire(port: number, root: string): Promise<RealNode[]> {
  const client = new WireClient(port)
  await client.connect(30_000)
  const nodes: RealNode[] = []
  const waiting = [root]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const { data, stat } = await client.ask({ op: 'getData', path, watch: false })
    const { children } = await client.ask({ op: 'getChildren', path, watch: false })
    if (data === undefined || stat === undefined || children === undefined) continue
    const { ctimeMs, mtimeMs, aversion, ...rest } = stat
    nodes.push({ path, data, ...rest })
    for (const name of children) waiting.push(childPath(path, name))
  }
  await client.ask({ op: 'closeSession' })
  client.disconnect()
  return nodes.sort(byPath)
}

/** What zkCli.sh prints for some commands. */
function zkCli(port: number, commands: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(ZK_CLI, ['-server', `127.0.0.1:${port}`], {
    // Java writes what the locale can show; without one, that is ASCII.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    input: [...commands, 'quit', ''].join('\n'),
    encoding: 'utf8',
    timeout: ZK_CLI_TIMEOUT_MS,
  })
  if (status !== 0) throw new Error(`zkCli.sh ended with ${status}:\n${stderr}`)
  return stdout
}

function nodeOf(path: string, data: string, stat: string): RealNode {
  const fields = new Map(
    stat
      .trim()
      .split('\n')
      .map((line) => line.split(' = ') as [string, string]),
  )
  const field = (name: string): string => {
    const value = fields.get(name)
    if (value === undefined) throw new Error(`zkCli.sh shows no ${name} of ${path}`)
    return value
  }
  const dataLength = Number(field('dataLength'))
  return {
    path,
    // A node without data is shown as `null`.
    data: dataLength === 0 ? '' : data,
    czxid: BigInt(field('cZxid')),
    mzxid: BigInt(field('mZxid')),
    pzxid: BigInt(field('pZxid')),
    version: Number(field('dataVersion')),
    cversion: Number(field('cversion')),
    ephemeralOwner: BigInt(field('ephemeralOwner')),
    dataLength,
    numChildren: Number(field('numChildren')),
  }
}

const byPath = (a: RealNode, b: RealNode): number => (a.path < b.path ? -1 : 1)
