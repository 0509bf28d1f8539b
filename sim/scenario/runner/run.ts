/**
 * Plays a compiled scenario: builds the cluster, lets the steps act on it, follows its trace with hash, view, ledger and
 * oracles, and judges at the end. Whoever else wants to see the trace (a narrator, a file) subscribes through the
 * options and sees each record after view and ledger took it in.
 *
 * Nothing here reads a clock: the caller may give one, for the real time that the run took.
 */
import { type FileSystem, InvariantError, invariant } from '../../../src/host/index.ts'
import { AppendOnlyLogs, Checker, type CheckReport } from '../../check/index.ts'
import { brokerMachine, Cluster } from '../../cluster/index.ts'
import { SessionTracker } from '../../faults/index.ts'
import { TraceHash, type TraceRecord, type World } from '../../kernel/index.ts'
import {
  type ClusterView,
  evaluate,
  explain,
  figuresOf,
  formatRecord,
  initialView,
  Ledger,
  resolve,
  ViewRecorder,
} from '../../view/index.ts'
import type { Action, ScenarioPlan } from '../plan.ts'
import { perform } from './actions.ts'
import type { Observer } from './observer.ts'
import type { MessageSummary, PromiseSummary, RunFailure, RunResult } from './result.ts'
import { Standing } from './standing.ts'
import { StepEngine } from './steps.ts'
import { judge } from './verdict.ts'
import { Watch } from './watch.ts'
import { duration } from './words.ts'

export interface RunSubscriber {
  /** View and ledger of the run are those after the record. */
  apply(record: TraceRecord, run: ScenarioRun): void
  /** Messages on the network as well. */
  readonly messages?: boolean
}

export interface RunOptions {
  /** Instead of the scenario's own. */
  readonly seed?: number
  /** Backing files of a machine's disk; memory by default. */
  readonly dataDirectory?: (machine: string) => FileSystem
  readonly subscribers?: readonly RunSubscriber[]
  /** Follow the guarantees of Kafka, and what brokers do to the files of their logs; default true. */
  readonly check?: boolean
  /** Names of the oracles wanted; by default all that judge any run. */
  readonly oracles?: readonly string[]
  /**
   * False: neither view nor ledger is kept, which is faster. Only for plans that ask nothing of them: no conditions, no
   * selectors, no expectations but promises. The result then tells of no messages.
   */
  readonly view?: boolean
  /** Milliseconds of real time, for `wallMs`. */
  readonly clock?: () => number
}

/** A scenario being played. */
export class ScenarioRun {
  readonly plan: ScenarioPlan
  readonly seed: number
  readonly cluster: Cluster
  readonly ledger = new Ledger()
  private readonly recorder: ViewRecorder
  private readonly checker: Checker | undefined
  private readonly hash = new TraceHash(formatRecord)
  private readonly watch: Watch
  private readonly observer: Observer
  private readonly standing: Standing
  private readonly sessions = new SessionTracker()
  private readonly clock: () => number
  private readonly engine: StepEngine
  private logs: AppendOnlyLogs | undefined
  private bug: RunFailure | undefined
  private wallMs = 0

  constructor(plan: ScenarioPlan, options: RunOptions = {}) {
    this.plan = plan
    this.seed = options.seed ?? plan.seed
    this.clock = options.clock ?? (() => 0)
    this.recorder = new ViewRecorder(initialView(plan.cluster))
    const oracles = options.oracles === undefined ? {} : { oracles: options.oracles }
    this.checker = options.check === false ? undefined : new Checker(plan.cluster, oracles)
    this.standing = new Standing(plan.cluster)
    const { recorder, ledger } = this
    this.observer = {
      holds: (condition) => evaluate(condition, recorder.view, ledger),
      found: (condition) => explain(condition, recorder.view, ledger),
      resolve: (target) => resolve(target, recorder.view),
    }
    this.watch = new Watch(plan.expect.sometimes, plan.expect.never, this.observer)
    if (options.view === false) invariant(asksNothing(plan), `${plan.file} cannot be played without a view`)
    const { dataDirectory } = options
    this.cluster = new Cluster(plan.cluster, {
      seed: this.seed,
      ...(dataDirectory === undefined ? {} : { dataDirectory }),
      observe: (world) => this.follow(world, options),
    })
    this.engine = this.stepEngine()
    // Last of all subscribers: a step looks at what the others made of the record.
    this.cluster.world.trace.subscribe(() => this.engine.observe())
    this.engine.start()
  }

  /** The order matters: whoever asks the view about a record comes after the view. */
  private follow(world: World, { view = true, subscribers = [] }: RunOptions): void {
    const { hash, recorder, ledger, standing, sessions, checker, watch } = this
    const brokers = Array.from({ length: this.plan.cluster.brokers }, (_, i) => brokerMachine(i + 1))
    const logs = checker === undefined ? undefined : new AppendOnlyLogs(world, brokers)
    this.logs = logs
    world.trace.subscribe((record) => {
      hash.subscriber(record)
      if (view) {
        recorder.apply(record)
        ledger.apply(record)
      }
      standing.apply(record)
      sessions.apply(record)
      checker?.apply(record)
      logs?.apply(record)
      // Before the first step machines are being switched on: what is true meanwhile counts for nothing.
      if (record.step > 0) watch.observe(record.atUs)
    })
    for (const subscriber of subscribers) {
      world.trace.subscribe((record) => subscriber.apply(record, this), { messages: subscriber.messages === true })
    }
  }

  private stepEngine(): StepEngine {
    const { plan, cluster, observer, standing, sessions } = this
    const ensemble = Array.from({ length: plan.cluster.zookeeper }, (_, i) => `zk${i + 1}`)
    const context = { cluster, observer, ensemble, sessionsOf: (machine: string) => sessions.of(machine) }
    return new StepEngine({
      steps: plan.steps,
      endsUs: plan.endsUs,
      world: cluster.world,
      observer,
      standing,
      perform: (action, index) => perform(context, action, index),
    })
  }

  get view(): ClusterView {
    return this.recorder.view
  }

  get failure(): RunFailure | undefined {
    if (this.bug !== undefined) return this.bug
    const failed = this.engine.failure
    if (failed === undefined) return undefined
    return { kind: 'step', message: failed.message, atUs: failed.atUs, span: failed.step.span }
  }

  /** Plays on until a virtual time, or until the story fails; at most to the scenario's end. */
  runTo(untilUs: number): void {
    const { world } = this.cluster
    const started = this.clock()
    try {
      world.run(Math.min(untilUs, this.plan.endsUs), () => this.engine.failure !== undefined)
      this.logs?.check(true)
    } catch (error) {
      // Any exception out of the simulated world is a bug of ours, whether an assertion or a plain mistake found it.
      this.bug = {
        kind: 'bug',
        message: error instanceof InvariantError ? error.message : String(error),
        atUs: world.now,
        kernelStep: world.steps,
        stack: error instanceof Error ? (error.stack ?? '') : '',
      }
    }
    this.wallMs += this.clock() - started
  }

  /** Ends the run and judges it. */
  finish(): RunResult {
    const { world } = this.cluster
    if (this.bug === undefined) this.engine.finish()
    this.ledger.finish(world.now)
    const { failure } = this
    const figures = figuresOf(this.ledger, this.plan.tell ?? [])
    const promises = this.promises()
    const verdict = judge({
      plan: this.plan,
      view: this.view,
      ledger: this.ledger,
      watch: this.watch,
      promises,
      failed: this.engine.failure,
      bug: this.bug,
    })
    return {
      scenario: this.plan.file,
      seed: this.seed,
      protocol: this.plan.protocol,
      held: failure === undefined && verdict.every((expectation) => expectation.held),
      expectations: verdict,
      messages: messageSummaries(this.ledger),
      promises,
      ...(figures === undefined ? {} : { figures }),
      traceHash: this.hash.hex(),
      events: world.steps,
      virtualMs: world.now / 1000,
      wallMs: this.wallMs,
      ...(failure === undefined ? {} : { failure }),
    }
  }

  private promises(): PromiseSummary {
    if (this.checker === undefined || this.bug !== undefined) return { watched: [], broken: [] }
    return promiseSummary(this.checker.finish())
  }
}

/** Whether a plan can be played without anybody who knows the state of the cluster. */
function asksNothing({ steps, expect }: ScenarioPlan): boolean {
  const { messages, applications, order, state, sometimes, never, unavailable, figures } = expect
  const expectations = [messages, applications, order, state, sometimes, never, unavailable]
  return (
    figures === undefined &&
    expectations.every((list) => list.length === 0) &&
    steps.every(
      ({ trigger, actions }) => trigger.kind !== 'when' && trigger.kind !== 'on' && actions.every(namesMachines),
    )
  )
}

const namesMachines = (action: Action): boolean => {
  const targets = 'targets' in action ? action.targets : 'from' in action ? [...action.from, ...action.to] : []
  return targets.every((target) => target.select === 'machine')
}

/** Breaches kept in a result: a run can break one guarantee thousands of times. */
const BREACHES_KEPT = 20

function promiseSummary({ results }: CheckReport): PromiseSummary {
  const broken = results.filter((result) => !result.held)
  return {
    watched: results.map((result) => result.oracle),
    broken: broken.map(({ oracle, statement, promised, reason, violations, count }) => ({
      name: oracle,
      statement,
      permitted: !promised,
      reason,
      count,
      breaches: violations.slice(0, BREACHES_KEPT).map(({ atUs, detail }) => `at ${duration(atUs)}: ${detail}`),
    })),
  }
}

/** Plays a scenario from beginning to end. */
export function runScenario(plan: ScenarioPlan, options: RunOptions = {}): RunResult {
  const run = new ScenarioRun(plan, options)
  run.runTo(plan.endsUs)
  return run.finish()
}

function messageSummaries(ledger: Ledger): MessageSummary[] {
  return [...ledger.messages.values()].map((record) => {
    const standing = ledger.copies(record.message, 'standing')
    return {
      message: record.message,
      by: record.client,
      topicPartition: record.copies.at(-1)?.tp ?? null,
      acked: record.acknowledged !== undefined,
      committed: ledger.reached(record.message, 'committed'),
      gaveUp: record.gaveUp !== undefined,
      copies: standing.length,
      offsets: standing.map((copy) => copy.offset),
      lost: ledger.copies(record.message, 'lost').length,
      read: record.reads.length,
    }
  })
}
