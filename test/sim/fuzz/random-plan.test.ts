import { describe, expect, it } from 'vitest'
import { faultFamilies, randomPlan } from '../../../sim/fuzz/random-plan.ts'

const plans = Array.from({ length: 200 }, (_, seed) => randomPlan(seed))
const actionsOf = (seed: number) => plans[seed]!.steps.flatMap((step) => step.actions.map((action) => action.do))

describe('random plans', () => {
  it('are the same for the same seed, and differ between seeds', () => {
    expect(randomPlan(7)).toEqual(randomPlan(7))
    expect(new Set(plans.map((plan) => JSON.stringify(plan.steps))).size).toBeGreaterThan(150)
  })

  it('keep their steps in order of time, and end with everything healed and running', () => {
    for (const plan of plans) {
      const times = plan.steps.map((step) => (step.trigger.kind === 'at' ? step.trigger.us : -1))
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(times[0]).toBeGreaterThan(0)
      const healing = plan.steps.findLastIndex((step) => step.actions.some((action) => action.do === 'heal-all'))
      const doneBy = (steps: typeof plan.steps): string[] =>
        steps.flatMap(({ actions }) => actions.map((action) => action.do))
      expect(doneBy(plan.steps.slice(healing, healing + 1))).toEqual([
        'heal-all',
        'release-all',
        'slowDisk',
        'resume',
        'restart',
      ])
      // A broker that found its own node of an older session, and did not start, starts now.
      expect(doneBy(plan.steps.slice(healing + 1))).toEqual(['restart'])
      expect(times.at(-1)).toBeLessThan(plan.endsUs)
    }
  })

  it('have each family of faults in some runs, and not in about half of them', () => {
    const names: Readonly<Record<(typeof faultFamilies)[number], string>> = {
      crash: 'crash',
      power: 'powerOff',
      pause: 'pause',
      cut: 'cut',
      stall: 'stall',
      session: 'expireSession',
      reset: 'reset',
      shutdown: 'shutdown',
      disk: 'slowDisk',
    }
    for (const family of faultFamilies) {
      // Every plan ends with a slowDisk that undoes others.
      const least = family === 'disk' ? 2 : 1
      const having = plans.filter(
        (_, seed) => actionsOf(seed).filter((action) => action === names[family]).length >= least,
      ).length
      expect(having, family).toBeGreaterThan(40)
      expect(having, family).toBeLessThan(140)
    }
  })

  it('draw acks of every kind', () => {
    const acks = plans.flatMap((plan) =>
      plan.cluster.clients.map((client) =>
        client.kind === 'producer' ? client.config['request.required.acks'] : undefined,
      ),
    )
    expect([...new Set(acks)].filter((value) => value !== undefined).sort()).toEqual([-1, 0, 1])
  })
})
