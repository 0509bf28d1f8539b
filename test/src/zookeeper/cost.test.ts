import { expect, test } from 'vitest'
import { Ensemble } from './ensemble.ts'

test('an idle ensemble of three with three clients costs about a dozen kernel events a second', () => {
  const ensemble = new Ensemble(3, { settings: { tickTimeMs: 3000 }, trace: false })
  ensemble.untilServing()
  const bare = ensemble.world.steps
  ensemble.seconds(60)
  expect((ensemble.world.steps - bare) / 60).toBeLessThan(7)
  for (const name of ['c1', 'c2', 'c3']) ensemble.client(name).connect()
  const before = ensemble.world.steps
  ensemble.seconds(60)
  expect((ensemble.world.steps - before) / 60).toBeLessThan(14)
})
