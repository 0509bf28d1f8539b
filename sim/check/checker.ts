/** Feeds a trace to the ghost state and to the oracles, and collects their verdicts. */
import { invariant } from '../../src/host/index.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import type { RunFacts } from './facts.ts'
import { AckOracle } from './i-ack.ts'
import { AckBindingOracle } from './i-ack-binding.ts'
import { BroadcastOracle } from './i-broadcast.ts'
import { CandidateOracle } from './i-candidate.ts'
import { CommitOracle } from './i-commit.ts'
import { ConsistentReadOracle } from './i-consistent-read.ts'
import { ControllerEpochOracle } from './i-controller-epoch.ts'
import { ConvergeOracle } from './i-converge.ts'
import { EpochFenceOracle } from './i-epoch-fence.ts'
import { HighWatermarkMonotoneOracle } from './i-hw-mono.ts'
import { LiveAdminOracle } from './i-live-admin.ts'
import { LiveBrokerOracle } from './i-live-broker.ts'
import { LiveConsumeOracle } from './i-live-consume.ts'
import { LiveIsrOracle } from './i-live-isr.ts'
import { LiveLeaderOracle } from './i-live-leader.ts'
import { LiveStableOffsetOracle } from './i-live-lso.ts'
import { LogMatchOracle } from './i-logmatch.ts'
import { MetaOracle } from './i-meta.ts'
import { MetaAgreeOracle } from './i-meta-agree.ts'
import { MinIsrOracle } from './i-minisr.ts'
import { NoStrayOracle } from './i-no-stray.ts'
import { NoDuplicateOracle } from './i-nodup.ts'
import { OffsetDurableOracle } from './i-offset-durable.ts'
import { OffsetMonotoneOracle } from './i-offset-monotone.ts'
import { OneLeaderPerEpochOracle } from './i-one-leader-per-epoch.ts'
import { OneOwnerOracle } from './i-one-owner.ts'
import { OrderOracle } from './i-order.ts'
import { ProcessedOnceOracle } from './i-processed-once.ts'
import { ReadCommittedOracle } from './i-read-committed.ts'
import { ReadHighWatermarkOracle } from './i-read-hw.ts'
import { ReadOrderOracle } from './i-read-order.ts'
import { TransactionAtomicOracle } from './i-txn-atomic.ts'
import { UnicastOracle } from './i-unicast.ts'
import type { Oracle, Violation } from './oracle.ts'
import { Truth } from './truth.ts'

/** All oracles that judge any run, in the order in which verdicts list them. */
const factories: ReadonlyMap<string, (plan: ClusterPlan) => Oracle> = new Map<string, (plan: ClusterPlan) => Oracle>([
  ['I-COMMIT', () => new CommitOracle()],
  ['I-CANDIDATE', () => new CandidateOracle()],
  ['I-ACK', () => new AckOracle()],
  ['I-ACK-BINDING', () => new AckBindingOracle()],
  ['I-MINISR', (plan) => new MinIsrOracle(plan)],
  ['I-READ-HW', () => new ReadHighWatermarkOracle()],
  ['I-CONSISTENT-READ', () => new ConsistentReadOracle()],
  ['I-HW-MONO', () => new HighWatermarkMonotoneOracle()],
  ['I-ONE-LEADER-PER-EPOCH', () => new OneLeaderPerEpochOracle()],
  ['I-CONTROLLER-EPOCH', () => new ControllerEpochOracle()],
  ['I-META', (plan) => new MetaOracle(plan)],
  ['I-LOGMATCH', () => new LogMatchOracle()],
  ['I-CONVERGE', () => new ConvergeOracle()],
  ['I-ORDER', () => new OrderOracle()],
  ['I-NODUP', () => new NoDuplicateOracle()],
  ['I-ONE-OWNER', () => new OneOwnerOracle()],
  ['I-UNICAST', () => new UnicastOracle()],
  ['I-PROCESSED-ONCE', () => new ProcessedOnceOracle()],
  ['I-READ-ORDER', () => new ReadOrderOracle()],
  ['I-OFFSET-DURABLE', () => new OffsetDurableOracle()],
  ['I-OFFSET-MONOTONE', () => new OffsetMonotoneOracle()],
  ['I-TXN-ATOMIC', (plan) => new TransactionAtomicOracle(plan)],
  ['I-READ-COMMITTED', (plan) => new ReadCommittedOracle(plan)],
  ['I-EPOCH-FENCE', (plan) => new EpochFenceOracle(plan)],
])

/** Judged only where it is asked for: a run says nothing about where it would have come to rest. */
const restFactories: ReadonlyMap<string, (plan: ClusterPlan) => Oracle> = new Map<
  string,
  (plan: ClusterPlan) => Oracle
>([
  ['I-LIVE-BROKER', (plan) => new LiveBrokerOracle(plan)],
  ['I-LIVE-LEADER', (plan) => new LiveLeaderOracle(plan)],
  ['I-LIVE-ISR', (plan) => new LiveIsrOracle(plan)],
  ['I-META-AGREE', (plan) => new MetaAgreeOracle(plan)],
  ['I-NO-STRAY', (plan) => new NoStrayOracle(plan)],
  ['I-LIVE-ADMIN', (plan) => new LiveAdminOracle(plan)],
])

/** The same for groups of consumers. */
const groupRestFactories: ReadonlyMap<string, (plan: ClusterPlan) => Oracle> = new Map<
  string,
  (plan: ClusterPlan) => Oracle
>([
  ['I-BROADCAST', (plan) => new BroadcastOracle(plan)],
  ['I-LIVE-CONSUME', (plan) => new LiveConsumeOracle(plan)],
])

/** The same for transactions. */
const transactionRestFactories: ReadonlyMap<string, (plan: ClusterPlan) => Oracle> = new Map([
  ['I-LIVE-LSO', (plan: ClusterPlan) => new LiveStableOffsetOracle(plan)],
])

export const oracleNames: readonly string[] = [...factories.keys()]

/** Guarantees about the end of a run that has been calm for long enough. */
export const restOracleNames: readonly string[] = [...restFactories.keys()]

/** What groups have come to by then. */
export const groupRestOracleNames: readonly string[] = [...groupRestFactories.keys()]

/** What transactions have come to. */
export const transactionRestOracleNames: readonly string[] = [...transactionRestFactories.keys()]

/** The verdict of one oracle on a run. Not held and not promised: the violations were permitted, for the reason given. */
export interface OracleResult {
  readonly oracle: string
  readonly statement: string
  readonly held: boolean
  readonly promised: boolean
  readonly reason: string
  readonly violations: readonly Violation[]
  /** All violations; `violations` keeps some of them, those that nothing excuses first. */
  readonly count: number
}

export interface CheckReport {
  readonly results: readonly OracleResult[]
  readonly facts: RunFacts
}

export class Checker {
  readonly truth = new Truth()
  private readonly plan: ClusterPlan
  private readonly oracles: readonly Oracle[]
  private readonly byKind = new Map<string, Oracle[]>()

  /** @param options `oracles`: names of those wanted; all by default */
  constructor(plan: ClusterPlan, options: { readonly oracles?: readonly string[] } = {}) {
    this.plan = plan
    this.oracles = (options.oracles ?? oracleNames).map((name) => {
      const factory =
        factories.get(name) ??
        restFactories.get(name) ??
        groupRestFactories.get(name) ??
        transactionRestFactories.get(name)
      invariant(factory !== undefined, `there is no oracle ${name}`)
      return factory(plan)
    })
    for (const oracle of this.oracles) {
      for (const kind of oracle.kinds) {
        const listeners = this.byKind.get(kind)
        if (listeners === undefined) this.byKind.set(kind, [oracle])
        else listeners.push(oracle)
      }
    }
  }

  /** Takes the next record of the trace; fit to be subscribed as it is. */
  readonly apply = (record: TraceRecord): void => {
    this.truth.apply(record)
    const listeners = this.byKind.get(record.event.kind)
    if (listeners === undefined) return
    for (const oracle of listeners) oracle.apply(record, this.truth)
  }

  /** Violations reported so far by oracles that watch the run as it goes. */
  get violations(): readonly Violation[] {
    return this.oracles.flatMap((oracle) => oracle.violations)
  }

  /** Ends the watch. Call it once. */
  finish(): CheckReport {
    for (const oracle of this.oracles) oracle.finish(this.truth)
    const results = this.oracles.map((oracle): OracleResult => {
      const { name, statement, count } = oracle
      const { promised, reason } = oracle.promised(this.plan, this.truth.facts)
      return { oracle: name, statement, held: count === 0, promised, reason, violations: oracle.violations, count }
    })
    return { results, facts: this.truth.facts }
  }
}
