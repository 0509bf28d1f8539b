// Needs no real ZooKeeper: our half of the comparison alone.
import { expect, test } from 'vitest'
import { OurSide } from './our-side.ts'

test('a new session after an expiry hears nothing of attempts to resume the old one, whenever it begins', async () => {
  const side = new OurSide(1)
  await side.begin('/s1')
  await side.connect('c1')
  await side.connect('c2')
  // Each round begins at another place between two attempts; it took 514 to meet one that was on its way.
  for (let i = 0; i < 520; i++) {
    for (let round = 0; round < i % 4; round++) {
      await side.drop('c2')
      await side.observe()
      await side.reconnect('c2')
      await side.observe()
    }
    for (let j = i % 7; j > 0; j--) await side.ask('c1', { op: 'exists', path: '/s1', watch: false })
    await side.drop('c2')
    await side.observe()
    await side.expire('c2')
    await side.observe()
    await side.connect('c2')
    expect((await side.observe()).get('c2')).toEqual([{ kind: 'session', granted: true }])
  }
})
