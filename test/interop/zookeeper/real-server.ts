/**
 * The real ZooKeeper (Debian's package `zookeeper`), one server on loopback with a directory of its own. It ends with the
 * tests, also when they are killed: the shell around it kills it, and removes its files, when the pipe from here closes.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WireClient } from './wire/wire-client.ts'

const JAR = '/usr/share/java/zookeeper.jar'
/** ZooKeeper's own client, for the command line. */
export const ZK_CLI = '/usr/share/zookeeper/bin/zkCli.sh'
/** `$1` is the directory, the rest the command. */
const GUARD = 'trap "" INT TERM PIPE; dir=$1; shift; "$@" & cat >/dev/null; kill -9 $!; wait; rm -rf "$dir"'
const START_WITHIN_MS = 60_000

export const ZOOKEEPER_MISSING = whatIsMissing()

export interface RealServerOptions {
  readonly tickTimeMs: number
  /** Default: 2 ticks. */
  readonly minSessionTimeoutMs?: number
  /** Default: 20 ticks. */
  readonly maxSessionTimeoutMs?: number
}

export class RealServer {
  readonly port: number
  private readonly directory: string
  private readonly shell: ChildProcess
  private output = ''

  private constructor(port: number, options: RealServerOptions) {
    this.port = port
    this.directory = mkdtempSync(join(tmpdir(), 'kafka-trial-zookeeper-'))
    const configuration = join(this.directory, 'zoo.cfg')
    const settings: Array<readonly [string, string | number | undefined]> = [
      ['tickTime', options.tickTimeMs],
      ['minSessionTimeout', options.minSessionTimeoutMs],
      ['maxSessionTimeout', options.maxSessionTimeoutMs],
      ['dataDir', join(this.directory, 'data')],
      ['clientPort', port],
      ['clientPortAddress', '127.0.0.1'],
      ['maxClientCnxns', 0],
      ['admin.enableServer', 'false'],
    ]
    const lines = settings.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}\n`]))
    writeFileSync(configuration, lines.join(''))
    const java = ['java', '-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dzookeeper.forceSync=no']
    const main = ['-cp', JAR, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', configuration]
    this.shell = spawn('sh', ['-c', GUARD, 'sh', this.directory, ...java, ...main], { stdio: ['pipe', 'pipe', 'pipe'] })
    for (const stream of [this.shell.stdout, this.shell.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.output = (this.output + bytes.toString('utf8')).slice(-4000)
      })
    }
  }

  static async start(options: RealServerOptions): Promise<RealServer> {
    const server = new RealServer(await freePort(), options)
    try {
      await server.untilServing()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  async stop(): Promise<void> {
    if (this.shell.exitCode === null) {
      const exited = new Promise((resolve) => this.shell.once('exit', resolve))
      this.shell.stdin?.end()
      await exited
    }
  }

  private async untilServing(): Promise<void> {
    const deadline = Date.now() + START_WITHIN_MS
    for (;;) {
      // A server that is not ready yet may accept a connection and say nothing.
      const client = new WireClient(this.port, 1_000)
      try {
        await client.connect(10_000)
        await client.ask({ op: 'closeSession' })
        client.disconnect()
        return
      } catch (error) {
        client.disconnect()
        if (Date.now() > deadline) {
          throw new Error(`ZooKeeper did not start within ${START_WITHIN_MS} ms: ${String(error)}\n${this.output}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
}

/** What keeps the real ZooKeeper from running here, or undefined. */
function whatIsMissing(): string | undefined {
  for (const file of [JAR, ZK_CLI]) {
    if (!existsSync(file)) return `${file} (Debian's package zookeeper; scripts/install-interop.sh installs it)`
  }
  if (spawnSync('java', ['-version']).status !== 0) return 'java'
  return undefined
}

/** A port of 127.0.0.1 that nobody listens at just now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
      probe.close(() => resolve(address.port))
    })
  })
}
