/**
 * `trial zk FILE --at TIME [PATH]`: the tree of ZooKeeper at one virtual time, with versions and owners. By default what
 * the ensemble has committed by then; `--server zk2` shows that server's own copy, which may be behind.
 */
import type { Command } from 'commander'
import { ScenarioRun } from '../sim/scenario/runner/index.ts'
import { committedTree, drawTree, formatSeconds, ownerOf, type TreeNode } from '../sim/view/index.ts'
import { utf8 } from '../src/host/index.ts'
import { formatZxid, ZooKeeperServer, type Zxid } from '../src/zookeeper/index.ts'
import { ExitCode, UserError } from './exit-code.ts'
import { errorWords } from './output/bug-report.ts'
import { painterFor, widthFor } from './output/colour.ts'
import { loadScenarios } from './scenario-file.ts'
import { readSeed } from './seed-range.ts'
import { readTime } from './virtual-time.ts'

export interface ZkOptions {
  readonly at: number
  readonly server?: string
  readonly seed?: number
  readonly set: readonly string[]
  readonly protocol?: string
  readonly json?: boolean
}

const examples = `
Examples:
  trial zk scenarios/zookeeper/fair-election.yaml --at 5s
  trial zk scenarios/teach/three-message-loss.yaml --at 20s /brokers
  trial zk scenarios/zookeeper/stale-follower-read-and-sync.yaml --at 2.5s --server zk1
  trial zk scenarios/teach/three-message-loss.yaml --at 20s --json | jq '.nodes[].path'
`

export function register(program: Command): void {
  program
    .command('zk')
    .description("shows ZooKeeper's tree at one virtual time, with versions and owners")
    .argument('<file>', 'scenario file')
    .argument('[path]', 'node to begin with', '/')
    .requiredOption('--at <time>', 'virtual time, with its unit: 12s, 900ms', readTime)
    .option('--server <name>', 'the copy of this server, such as zk2, instead of what is committed')
    .option('--seed <n>', "instead of the scenario's own seed", readSeed)
    .option(
      '--set <key=value>',
      'change one setting; may be repeated',
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option('--protocol <preset>', 'behave as that release did')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples)
    .action((file: string, path: string, options: ZkOptions) => {
      process.exitCode = zk(file, path, options)
    })
}

/** A tree and where it comes from. */
export interface Shown {
  readonly nodes: readonly TreeNode[]
  readonly lastZxid: Zxid
  /** Null: what is committed. */
  readonly server: string | null
}

function zk(file: string, path: string, options: ZkOptions): number {
  const plan = loadScenarios([file], options)?.[0]
  if (plan === undefined) return ExitCode.BadInput
  if (options.at > plan.endsUs)
    throw new UserError(`--at ${options.at / 1000} ms is after the end of the scenario, ${plan.endsUs / 1000} ms`)
  const run = new ScenarioRun(plan, { check: false, ...(options.seed === undefined ? {} : { seed: options.seed }) })
  run.runTo(options.at)
  const { failure } = run
  if (failure?.kind === 'bug') {
    process.stderr.write(`${errorWords(file, run.seed, failure, options)}\n`)
    return ExitCode.Bug
  }
  const shown = options.server === undefined ? committed(run) : ownCopy(run, options.server)
  const all = new Set(shown.nodes.map((node) => node.path))
  if (path !== '/' && !all.has(path)) {
    const parent = parents(path).find((one) => one === '/' || all.has(one))!
    throw new UserError(`there is no node ${path} at that time; ${parent} is there`)
  }
  const print = options.json === true ? asJson : asText
  process.stdout.write(`${print(shown, path, run, options.at)}\n`)
  if (failure === undefined) return ExitCode.Held
  process.stderr.write(`trial: the story had failed by then, at ${failure.atUs / 1000} ms: ${failure.message}\n`)
  return ExitCode.NotHeld
}

export const committed = (run: ScenarioRun): Shown => ({
  nodes: committedTree(run.view),
  lastZxid: run.view.lastCommitted,
  server: null,
})

/** What a server holds in memory. A server that is down holds nothing there. */
export function ownCopy(run: ScenarioRun, name: string): Shown {
  const servers = Object.keys(run.view.zookeeper)
  if (!servers.includes(name)) throw new UserError(`no ZooKeeper server '${name}' (${servers.join(', ')})`)
  const { process: server, state } = run.cluster.world.machine(name)
  if (!(server instanceof ZooKeeperServer))
    throw new UserError(`${name} is ${state} at that time: without a process it has no tree in memory`)
  const { tree } = server
  const nodes: TreeNode[] = []
  for (const [path, { data, ephemeralOwner }] of tree.nodes) {
    const { version, cversion, czxid, mzxid, pzxid } = tree.stat(path)!
    const owner = ownerOf(run.view, ephemeralOwner)
    nodes.push({ path, data, version, cversion, czxid, mzxid, pzxid, owner })
  }
  return { nodes, lastZxid: server.lastAppliedZxid, server: name }
}

function asText(shown: Shown, path: string, run: ScenarioRun, atUs: number): string {
  const painter = painterFor(process.stdout, process.env)
  const { lastCommitted } = run.view
  const last = shown.lastZxid === 0 ? 'nothing yet' : `up to transaction ${formatZxid(shown.lastZxid)}`
  const whose =
    shown.server === null
      ? `as committed, ${last}`
      : `as ${shown.server} holds it, ${last}${shown.lastZxid < lastCommitted ? `; committed is ${formatZxid(lastCommitted)}` : ''}`
  const heading = painter.paint('caption', `ZooKeeper at ${formatSeconds(atUs)}, ${whose}`)
  return [heading, ...drawTree(shown.nodes, path, { width: widthFor(process.stdout), painter })].join('\n')
}

function asJson({ nodes, lastZxid, server }: Shown, root: string, run: ScenarioRun, atUs: number): string {
  const children = new Map<string, number>()
  for (const { path } of nodes) {
    const parent = parents(path)[0]
    if (parent !== undefined) children.set(parent, (children.get(parent) ?? 0) + 1)
  }
  const below = nodes.filter(({ path }) => path === root || path.startsWith(root === '/' ? '/' : `${root}/`))
  const sorted = [...below].sort((a, b) => (a.path < b.path ? -1 : 1))
  return JSON.stringify(
    {
      atMs: atUs / 1000,
      server,
      lastZxid: formatZxid(lastZxid),
      lastCommitted: formatZxid(run.view.lastCommitted),
      nodes: sorted.map(({ path, data, version, cversion, czxid, mzxid, pzxid, owner }) => ({
        path,
        data,
        version,
        cversion,
        czxid: formatZxid(czxid),
        mzxid: formatZxid(mzxid),
        pzxid: formatZxid(pzxid),
        ephemeralOwner: owner?.session ?? null,
        ownerMachine: owner?.machine ?? null,
        dataLength: utf8(data).length,
        numChildren: children.get(path) ?? 0,
      })),
    },
    null,
    2,
  )
}

/** The nodes above a path, nearest first; of the root none. */
function parents(path: string): string[] {
  const above: string[] = []
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) above.push(path.slice(0, at))
  return path === '/' ? [] : [...above, '/']
}
