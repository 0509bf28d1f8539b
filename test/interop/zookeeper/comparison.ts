/**
 * Runs one sequence of steps on both ZooKeepers, one step after the other, and compares everything that every client saw
 * during each step, in order; at the end the whole tree. What has no order in ZooKeeper is compared without: names of
 * children, and events of several ephemeral nodes that end with their session.
 */
import { childPath, type ZkError } from '../../../src/zookeeper/index.ts'
import { describeObserved, type Observed, type StepObservation } from './observation.ts'
import type { OurSide } from './our-side.ts'
import type { RealSide } from './real-side.ts'
import { OVERSEER, type Side } from './side.ts'
import {
  type Action,
  CLIENTS,
  type ClientName,
  describeRequest,
  isSessionStep,
  type PathChoice,
  type Request,
  type SessionOperation,
  type Step,
  toRequest,
} from './step.ts'

/** One thing done on both sides, and what was seen. */
export interface Exchange {
  readonly client: string
  readonly what: string
  readonly request: Request | { readonly op: SessionOperation }
  readonly real: readonly string[]
  readonly ours: readonly string[]
  /** Ephemeral nodes that end with the session. */
  readonly ephemeralsEnded: number
  /** What the real server's clients saw. */
  readonly observed: StepObservation
}

/** The two disagree. The message shows the sequence, and both answers side by side where they differ. */
export class Disagreement extends Error {
  constructor(exchanges: readonly Exchange[]) {
    super(describeExchanges(exchanges))
    this.name = 'Disagreement'
  }
}

type ClientState = 'none' | 'connected' | 'dropped' | 'expired'

export class Comparison {
  readonly exchanges: Exchange[] = []
  private readonly real: RealSide
  private readonly ours: OurSide
  private readonly root: string
  private readonly states = new Map<ClientName, ClientState>(CLIENTS.map((client) => [client, 'none']))
  /** Paths that the servers made, in order. */
  private readonly sequentials: string[] = []

  constructor(real: RealSide, ours: OurSide, root: string) {
    this.real = real
    this.ours = ours
    this.root = root
  }

  /** @throws Disagreement at the first step whose observations differ */
  async run(steps: readonly Step[]): Promise<void> {
    await this.real.begin(this.root)
    await this.ours.begin(this.root)
    for (const { client, action } of steps) await this.step(client, action)
    await this.compareTrees()
    for (const client of CLIENTS) await this.step(client, { op: 'close' })
    await this.compareTrees()
  }

  private async step(client: ClientName, action: Action): Promise<void> {
    if (isSessionStep(action)) await this.sessionStep(client, action.op)
    else {
      await this.ensureConnected(client)
      await this.exchange(
        client,
        toRequest(action, (path) => this.resolve(path)),
      )
    }
  }

  /** What the step means depends on where the client stands; a step that means nothing there is left out. */
  private async sessionStep(client: ClientName, op: 'drop' | 'reconnect' | 'expire' | 'close'): Promise<void> {
    const state = this.states.get(client)!
    switch (op) {
      case 'drop':
        if (state === 'connected') await this.sessionExchange(client, 'drop')
        return
      case 'reconnect':
        if (state === 'connected') await this.sessionExchange(client, 'drop')
        await this.sessionExchange(client, state === 'none' ? 'connect' : 'reconnect')
        return
      case 'expire':
        if (state === 'connected') await this.sessionExchange(client, 'drop')
        if (state === 'connected' || state === 'dropped') await this.sessionExchange(client, 'expire')
        return
      case 'close':
        if (state === 'dropped') await this.sessionExchange(client, 'reconnect')
        if (state === 'connected' || state === 'dropped') await this.sessionExchange(client, 'close')
    }
  }

  private async ensureConnected(client: ClientName): Promise<void> {
    const state = this.states.get(client)!
    if (state === 'connected') return
    await this.sessionExchange(client, state === 'dropped' ? 'reconnect' : 'connect')
  }

  private async sessionExchange(client: ClientName, op: SessionOperation): Promise<void> {
    const endsEphemerals = op === 'expire' || op === 'close'
    const ephemeralsEnded = endsEphemerals ? this.ours.ephemeralCount(client) : 0
    await this.both(client, op, { op }, ephemeralsEnded, (side) => side[op](client))
    this.states.set(client, this.stateAfter(client, op))
  }

  private stateAfter(client: ClientName, op: SessionOperation): ClientState {
    switch (op) {
      case 'connect':
        return 'connected'
      case 'reconnect':
        return this.states.get(client) === 'expired' ? 'none' : 'connected'
      case 'drop':
        return 'dropped'
      case 'expire':
        return 'expired'
      case 'close':
        return 'none'
    }
  }

  private async exchange(client: ClientName | typeof OVERSEER, request: Request): Promise<Observed | undefined> {
    const what = describeRequest(request)
    const observed = await this.both(client, what, request, 0, (side) => side.ask(client, request))
    const reply = observed.get(client)?.findLast(({ kind }) => kind === 'reply')
    this.noteSequentials(request, reply)
    return reply
  }

  private async both(
    client: string,
    what: string,
    request: Exchange['request'],
    ephemeralsEnded: number,
    act: (side: Side) => Promise<void>,
  ): Promise<StepObservation> {
    await act(this.real)
    await act(this.ours)
    const observed = await this.real.observe()
    const inAnyOrder = ephemeralsEnded > 1
    const real = describeObservation(observed, inAnyOrder)
    const ours = describeObservation(await this.ours.observe(), inAnyOrder)
    this.exchanges.push({ client, what, request, real, ours, ephemeralsEnded, observed })
    if (real.join('\n') !== ours.join('\n')) throw new Disagreement(this.exchanges)
    return observed
  }

  private resolve(path: PathChoice): string {
    if ('literal' in path) return path.literal
    if ('below' in path) return this.root + path.below
    return this.sequentials[path.sequential % this.sequentials.length] ?? `${this.root}/a`
  }

  private noteSequentials(request: Request, reply: Observed | undefined): void {
    if (reply?.kind !== 'reply' || reply.error !== 'OK') return
    const asked = request.op === 'multi' ? request.parts : [request]
    for (const [index, part] of asked.entries()) {
      if (part.op !== 'create' || !part.mode.endsWith('sequential')) continue
      const path = request.op === 'multi' ? reply.results?.[index]?.path : reply.path
      if (path !== undefined) this.sequentials.push(path)
    }
  }

  /** Every node under the root, with data, Stat and children. */
  private async compareTrees(): Promise<void> {
    const waiting = [this.root]
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      await this.exchange(OVERSEER, { op: 'getData', path, watch: false })
      const reply = await this.exchange(OVERSEER, { op: 'getChildren', path, watch: false })
      if (reply?.kind !== 'reply' || reply.children === undefined) continue
      for (const name of reply.children) waiting.push(childPath(path, name))
    }
  }
}

function describeObservation(observation: StepObservation, inAnyOrder: boolean): string[] {
  const lines: string[] = []
  for (const [client, arrivals] of [...observation].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const seen = arrivals.map((arrival) => `${client}: ${describeObserved(arrival)}`)
    lines.push(...(inAnyOrder ? sortRuns(seen, (index) => arrivals[index]!.kind === 'event') : seen))
  }
  return lines
}

/** Sorts each run of neighbours that are events; the rest keeps its place. */
function sortRuns(lines: readonly string[], isEvent: (index: number) => boolean): string[] {
  const sorted: string[] = []
  let run: string[] = []
  for (const [index, line] of lines.entries()) {
    if (isEvent(index)) {
      run.push(line)
      continue
    }
    sorted.push(...run.sort(), line)
    run = []
  }
  return [...sorted, ...run.sort()]
}

function describeExchanges(exchanges: readonly Exchange[]): string {
  const lines = ['our ZooKeeper and the real one disagree at the last of these steps:']
  for (const { client, what, real, ours } of exchanges) {
    const agree = real.join('\n') === ours.join('\n')
    // A look at the tree in which nothing was found.
    if (agree && client === OVERSEER) continue
    lines.push(`${client}  ${what}`)
    if (agree) lines.push(...real.map((line) => `      ${line}`))
    else lines.push(...sideBySide(real, ours))
  }
  return lines.join('\n')
}

function sideBySide(real: readonly string[], ours: readonly string[]): string[] {
  const width = Math.max(20, ...real.map((line) => line.length))
  const rows = Array.from({ length: Math.max(real.length, ours.length) }, (_, i) => {
    const [left, right] = [real[i] ?? '', ours[i] ?? '']
    return `  ${left === right ? '  ' : '! '}  ${left.padEnd(width)}  |  ${right}`
  })
  return [`      ${'the real ZooKeeper'.padEnd(width)}  |  ours`, ...rows]
}

/** Errors of a reply: its own, and those of the parts of a multi. */
export function errorsOf(observed: Observed): ZkError[] {
  if (observed.kind !== 'reply') return []
  return [observed.error, ...(observed.results ?? []).map(({ error }) => error)].filter((error) => error !== 'OK')
}
