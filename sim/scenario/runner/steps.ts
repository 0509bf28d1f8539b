/**
 * Plays the steps of a scenario in order. One step is awaited at a time: its trigger is armed when the step before has
 * been done, and its actions run as a kernel event of their own at the virtual time at which the trigger came true.
 * A step that follows without a trigger runs in the same event as the one before; the first of a story waits until the
 * cluster stands.
 *
 * A trigger that did not come within its time, or by the end of the run, fails the story: `failure` says what was waited
 * for and what was true instead.
 */

import type { Message, Timer } from '../../../src/host/index.ts'
import { unreachable } from '../../../src/host/index.ts'
import type { World } from '../../kernel/index.ts'
import type { ScenarioEvent } from '../events.ts'
import type { Action, Condition, StepPlan, Target, Trigger } from '../plan.ts'
import { conditionWords } from './condition-words.ts'
import type { Observer } from './observer.ts'
import { duration, triggerWords } from './words.ts'

type WhenTrigger = Extract<Trigger, { readonly kind: 'when' }>
type OnTrigger = Extract<Trigger, { readonly kind: 'on' }>
type Delivery = { readonly from: string; readonly to: string; readonly message: Message; readonly name: string }
type DeliveryVerdict = 'pass' | 'hold' | 'drop' | { readonly delayUs: number }

export interface StepFailure {
  readonly kind: 'step'
  readonly step: StepPlan
  readonly message: string
  readonly atUs: number
}

export interface StepEngineOptions {
  readonly steps: readonly StepPlan[]
  readonly endsUs: number
  readonly world: World
  readonly observer: Observer
  /** Does one action; returns a sentence if it cannot be done. */
  perform(action: Action, index: number): string | undefined
  /** Whether the story may begin, and what is missing if not. */
  readonly standing: { readonly reached: boolean; missing(): string }
}

export class StepEngine {
  failure: StepFailure | undefined
  private readonly options: StepEngineOptions
  /** Index of the step that is awaited, or the number of steps when all are done. */
  private index = 0
  /** True when the trigger of the awaited step is armed and has not come. */
  private armed = false
  private deadline: Timer | undefined
  private disarm: (() => void) | undefined

  constructor(options: StepEngineOptions) {
    this.options = options
  }

  /** All steps are done. */
  get done(): boolean {
    return this.index === this.options.steps.length
  }

  /** Arms the first step. */
  start(): void {
    this.options.world.schedule(0, 'scenario begins', () => this.advance())
  }

  /** Looks whether the awaited conditions hold now; to be called after the observer took in a trace record. */
  observe(): void {
    if (!this.armed) return
    const trigger = this.current.trigger
    if (trigger.kind === 'when') {
      if (this.allHold(trigger.conditions)) this.fire()
    } else if (this.awaitsStanding && this.options.standing.reached) {
      if (trigger.kind === 'after') this.fireAfter(trigger.us)
      else this.fire()
    }
  }

  /** The run is over: a step that is still awaited has failed. */
  finish(): void {
    if (this.done || this.failure !== undefined) return
    this.fail(`the run ended at ${duration(this.options.endsUs)} before it came. ${this.waitedFor()}`)
  }

  private get current(): StepPlan {
    return this.options.steps[this.index]!
  }

  private get awaitsStanding(): boolean {
    const kind = this.current.trigger.kind
    return this.index === 0 && (kind === 'next' || kind === 'after')
  }

  /** Does every step whose time has come, then arms the next one. */
  private advance(): void {
    while (!this.done && this.failure === undefined) {
      const step = this.current
      if (!this.comesAtOnce(step)) return this.arm(step)
      this.perform(step)
    }
  }

  private comesAtOnce(step: StepPlan): boolean {
    switch (step.trigger.kind) {
      case 'next':
        return this.index > 0 || this.options.standing.reached
      case 'when':
        return this.allHold(step.trigger.conditions)
      case 'at':
        return step.trigger.us <= this.options.world.now
      case 'after':
      case 'on':
        return false
      default:
        return unreachable(step.trigger)
    }
  }

  private arm(step: StepPlan): void {
    const { world } = this.options
    this.armed = true
    if (step.withinUs !== undefined) {
      const within = step.withinUs
      this.deadline = world.schedule(within, `step ${step.index + 1} within`, () =>
        this.fail(`it did not come within ${duration(within)}. ${this.waitedFor()}`),
      )
    }
    switch (step.trigger.kind) {
      case 'at':
        world.schedule(step.trigger.us - world.now, `step ${step.index + 1}`, () => this.run(step))
        break
      case 'after':
        if (this.index > 0 || this.options.standing.reached) this.fireAfter(step.trigger.us)
        break
      case 'on':
        this.disarm = this.intercept(step, step.trigger)
        break
      case 'next':
      case 'when':
        break
      default:
        unreachable(step.trigger)
    }
  }

  /** The trigger came true inside some event: the step runs as the next event of this moment. */
  private fire(): void {
    this.fireAfter(0)
  }

  private fireAfter(us: number): void {
    const step = this.current
    this.armed = false
    this.options.world.schedule(us, `step ${step.index + 1}`, () => this.run(step))
  }

  private run(step: StepPlan): void {
    if (this.failure !== undefined) return
    this.armed = false
    this.deadline?.cancel()
    this.deadline = undefined
    this.disarm?.()
    this.disarm = undefined
    this.perform(step)
    this.advance()
  }

  private perform(step: StepPlan): void {
    const { world } = this.options
    if (world.trace.active) {
      if (step.trigger.kind === 'when' || step.trigger.kind === 'on') {
        this.emit({ kind: 'ConditionMet', index: step.index, what: this.triggerWords(step.trigger) })
      }
      if (step.caption !== undefined) {
        const { en, zh } = step.caption
        this.emit({ kind: 'Caption', index: step.index, en, ...(zh === undefined ? {} : { zh }) })
      }
    }
    for (const action of step.actions) {
      const problem = this.options.perform(action, step.index)
      if (problem !== undefined) return this.fail(problem)
    }
    this.index++
  }

  private emit(event: ScenarioEvent): void {
    this.options.world.trace.emit('', event)
  }

  private allHold(conditions: readonly Condition[]): boolean {
    for (const condition of conditions) if (!this.options.observer.holds(condition)) return false
    return true
  }

  private intercept(step: StepPlan, trigger: OnTrigger): () => void {
    const verdict = verdictOf(step.actions)
    let seen = 0
    return this.options.world.network.intercept((delivery: Delivery): DeliveryVerdict => {
      if (!this.armed || delivery.name !== trigger.message) return 'pass'
      if (!this.isAmong(delivery.from, trigger.from) || !this.isAmong(delivery.to, trigger.to)) return 'pass'
      seen++
      if (seen < trigger.nth) return 'pass'
      this.fire()
      return verdict
    })
  }

  private isAmong(machine: string, target: Target | undefined): boolean {
    if (target === undefined) return true
    return target.select === 'machine'
      ? target.name === machine
      : this.options.observer.resolve(target).includes(machine)
  }

  private fail(message: string): void {
    const step = this.current
    this.armed = false
    this.deadline?.cancel()
    this.disarm?.()
    this.failure = { kind: 'step', step, message, atUs: this.options.world.now }
  }

  private triggerWords(trigger: Trigger): string {
    return trigger.kind === 'when' ? trigger.conditions.map(conditionWords).join(', and ') : triggerWords(trigger)
  }

  /** What the awaited step waits for, and what is true instead. */
  private waitedFor(): string {
    const { trigger } = this.current
    if (trigger.kind === 'when') return this.conditionsMissing(trigger)
    if (this.awaitsStanding && !this.options.standing.reached) {
      return `It waits until the cluster stands: ${this.options.standing.missing()}.`
    }
    return `It waits for ${triggerWords(trigger)}.`
  }

  private conditionsMissing(trigger: WhenTrigger): string {
    const { observer } = this.options
    const missing = trigger.conditions.filter((condition) => !observer.holds(condition))
    const waited = missing.map(conditionWords).join(', and ')
    const found = missing.map((condition) => observer.found(condition)).join('; ')
    return `It waits until ${waited}; instead: ${found}.`
  }
}

function verdictOf(actions: readonly Action[]): DeliveryVerdict {
  for (const action of actions) {
    if (action.do === 'hold' || action.do === 'drop') return action.do
    if (action.do === 'delay') return { delayUs: action.us }
  }
  return 'pass'
}
