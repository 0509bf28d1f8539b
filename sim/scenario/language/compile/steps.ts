/**
 * Steps: trigger, deadline, actions, caption. Steps happen in order, so a lower bound of the time of each follows from
 * the ones before: a step that lies before its predecessor or after the end can never be reached.
 */
import type { Condition, StepPlan, TopicPlan, Trigger } from '../../plan.ts'
import { readDuration } from '../formats.ts'
import { enumerate, type Report } from '../report.ts'
import { actionNames, type StepInput, triggerNames } from '../schema/steps.ts'
import { type Located, oneOrMore, quoted } from '../source.ts'
import { messageNames } from '../vocabulary.ts'
import { ActionCompiler } from './actions.ts'
import type { ConditionCompiler } from './conditions.ts'
import type { Names } from './names.ts'
import { compileTarget } from './targets.ts'
import { localText } from './text.ts'

export class StepCompiler {
  private readonly names: Names
  private readonly report: Report
  private readonly conditions: ConditionCompiler
  private readonly actions: ActionCompiler
  private readonly endsUs: number
  /** The step cannot happen earlier than this. */
  private earliestUs = 0
  private ended = false

  constructor(
    names: Names,
    report: Report,
    conditions: ConditionCompiler,
    created: ReadonlyMap<Located, TopicPlan>,
    endsUs: number,
  ) {
    this.names = names
    this.report = report
    this.conditions = conditions
    this.actions = new ActionCompiler(names, report, created)
    this.endsUs = endsUs
  }

  compile(steps: ReadonlyArray<Located<StepInput>>): readonly StepPlan[] {
    return steps.map((step, index) => this.step(step, index))
  }

  private step(step: Located<StepInput>, index: number): StepPlan {
    const trigger = this.trigger(step, index)
    const within = step.field('within')
    if (within !== undefined && trigger.kind !== 'when' && trigger.kind !== 'on') {
      this.report.error('KS405', within.keyPlace, '"within" is a deadline for "when" or "on"; this step has neither')
    }
    const actions = this.actions.compile(step, trigger.kind === 'on')
    const caption = step.field('caption')
    const waits = trigger.kind !== 'next'
    if (
      actions.length === 0 &&
      caption === undefined &&
      within === undefined &&
      !waits &&
      !actionNames.some((name) => step.fields.has(name))
    ) {
      this.report.error('KS406', step.place, `step ${index + 1} does nothing`, {
        expected: 'an action, a caption, or something to wait for',
      })
    }
    return {
      index,
      span: [...step.fields.values()][0]?.wholeSpan ?? step.span,
      trigger,
      ...(within === undefined ? {} : { withinUs: readDuration(within.value) }),
      actions,
      ...(caption === undefined ? {} : { caption: localText(caption) }),
    }
  }

  private trigger(step: Located<StepInput>, index: number): Trigger {
    const given = triggerNames.filter((name) => step.fields.has(name))
    const second = given[1]
    if (second !== undefined) {
      this.report.error(
        'KS404',
        step.fields.get(second)!.keyPlace,
        `two triggers in one step: "${given[0]}" and "${second}"`,
        {
          expected: 'one; a second step can wait for the second',
        },
      )
    }
    const at = step.field('at')
    if (at !== undefined) return this.at(at, index)
    const after = step.field('after')
    if (after !== undefined) {
      const us = readDuration(after.value)
      this.reach(after, this.earliestUs + us, index)
      return { kind: 'after', us }
    }
    const when = step.field('when')
    if (when !== undefined) {
      const conditions: Condition[] = []
      for (const one of oneOrMore(when as Located)) {
        const condition = this.conditions.compile(one)
        if (condition === undefined) continue
        this.sentBefore(condition, one, index)
        conditions.push(condition)
      }
      this.contradictions(conditions, oneOrMore(when as Located))
      return { kind: 'when', conditions }
    }
    const on = step.field('on')
    if (on === undefined) return { kind: 'next' }
    const message = on.field('message')!
    if (!messageNames.includes(message.text)) {
      const those = message.text.startsWith('Zk') ? messageNames.filter((name) => name.startsWith('Zk')) : messageNames
      const text = `no kind of message is called ${quoted(message.text)} (${enumerate(those)})`
      this.report.unknown('KS110', message.place, text, message.text, messageNames)
    }
    const from = on.field('from')
    const to = on.field('to')
    const sender = from === undefined ? undefined : compileTarget(from, this.names, this.report)
    const receiver = to === undefined ? undefined : compileTarget(to, this.names, this.report)
    return {
      kind: 'on',
      message: message.text,
      ...(sender === undefined ? {} : { from: sender }),
      ...(receiver === undefined ? {} : { to: receiver }),
      nth: on.value.nth ?? 1,
    }
  }

  private at(at: Located<string>, index: number): Trigger {
    const us = readDuration(at.value)
    if (us < this.earliestUs) {
      this.report.error(
        'KS403',
        at.place,
        `step ${index + 1} can never be reached at ${at.value}: the steps before it end at ${duration(this.earliestUs)} or later`,
        {
          expected: 'steps in the order in which they happen',
        },
      )
    }
    this.reach(at, us, index)
    return { kind: 'at', us }
  }

  private reach(node: Located, us: number, index: number): void {
    this.earliestUs = Math.max(this.earliestUs, us)
    if (this.ended || this.earliestUs <= this.endsUs) return
    this.ended = true
    this.report.error(
      'KS401',
      node.place,
      `step ${index + 1} happens at ${duration(this.earliestUs)} or later, after the end at ${duration(this.endsUs)}`,
    )
  }

  /** A message that only a later step sends cannot have a fate yet. */
  private sentBefore(condition: Condition, node: Located, index: number): void {
    if (condition.about === 'operation') this.askedBefore(condition.operation, node, index)
    if (condition.about !== 'message') return
    const sent = this.names.messages.get(condition.message)
    if (sent === undefined || sent.step < index) return
    const line = sent.at.span.line
    this.report.error(
      'KS403',
      node.place,
      `step ${index + 1} can never be reached: ${condition.message} is sent only by step ${sent.step + 1}, in line ${line}`,
    )
  }

  private askedBefore(name: string, node: Located, index: number): void {
    const asked = this.names.operations.get(name)
    if (asked === undefined || asked.step < index) return
    this.report.error(
      'KS403',
      node.place,
      `step ${index + 1} can never be reached: ${name} is asked only by step ${asked.step + 1}, in line ${asked.at.span.line}`,
    )
  }

  /** Two conditions of one step that exclude each other. */
  private contradictions(conditions: readonly Condition[], nodes: readonly Located[]): void {
    for (const [index, condition] of conditions.entries()) {
      const other = conditions.slice(0, index).find((earlier) => excludes(earlier, condition))
      if (other !== undefined && conditions.length === nodes.length) {
        this.report.error('KS402', nodes[index]!.place, 'this condition and one before it can never hold together')
      }
    }
  }
}

function excludes(a: Condition, b: Condition): boolean {
  if (a.about === 'leader' && b.about === 'leader') {
    return a.topic === b.topic && a.partition === b.partition && a.believes === b.believes && differ(a.is, b.is)
  }
  if (a.about === 'controller' && b.about === 'controller') return differ(a.is, b.is)
  if (a.about === 'zk-leader' && b.about === 'zk-leader') return differ(a.is, b.is)
  if (a.about === 'session' && b.about === 'session') return a.owner === b.owner && a.is !== b.is
  if (a.about === 'machine' && b.about === 'machine') return a.machine === b.machine && a.is !== b.is
  return false
}

const differ = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && a !== b

/** Microseconds as people write them: `12s`, `500ms`. */
function duration(us: number): string {
  if (us % 1_000_000 === 0) return `${us / 1_000_000}s`
  return us % 1000 === 0 ? `${us / 1000}ms` : `${us}us`
}
