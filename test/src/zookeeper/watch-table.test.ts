/** Which change fires which watch (formats.md 8.3), on one tree. */
import { describe, expect, test } from 'vitest'
import { LocalTree } from './tree.ts'

/** A tree with /n (and /n/c if asked), each kind of watch on /n, and a child watch on the root. */
function watched(): LocalTree {
  const t = new LocalTree()
  t.create('/n')
  t.watches.watchData('/n', 'data')
  t.watches.watchChildren('/n', 'child')
  t.watches.watchChildren('/', 'root')
  return t
}

describe('watches', () => {
  test('a creation fires the exists watch of the node, then the child watch of its parent', () => {
    const t = new LocalTree()
    t.watches.watchChildren('/', 'root')
    t.watches.watchData('/n', 'exists')
    t.create('/n')
    expect(t.events).toEqual(['exists NodeCreated /n', 'root NodeChildrenChanged /'])
  })

  test('new data fires data watches only, equal data too', () => {
    const t = watched()
    t.set('/n', '')
    expect(t.events).toEqual(['data NodeDataChanged /n'])
  })

  test('a deletion fires data and child watches of the node, then the child watch of its parent', () => {
    const t = watched()
    t.delete('/n')
    expect(t.events).toEqual(['data NodeDeleted /n', 'child NodeDeleted /n', 'root NodeChildrenChanged /'])
  })

  test('a deletion is told once to a watcher of both data and children', () => {
    const t = new LocalTree()
    t.create('/n')
    t.watches.watchData('/n', 'w')
    t.watches.watchChildren('/n', 'w')
    t.delete('/n')
    expect(t.events).toEqual(['w NodeDeleted /n'])
  })

  test('creating and deleting a child fires child watches, changing its data does not', () => {
    const t = watched()
    t.create('/n/c')
    expect(t.events).toEqual(['child NodeChildrenChanged /n'])
    t.watches.watchChildren('/n', 'again')
    t.set('/n/c', 'x')
    expect(t.events).toHaveLength(1)
    t.delete('/n/c')
    expect(t.events[1]).toBe('again NodeChildrenChanged /n')
  })

  test('fire once, however often they were set', () => {
    const t = new LocalTree()
    t.create('/n')
    t.watches.watchData('/n', 'w')
    t.watches.watchData('/n', 'w')
    t.set('/n', '1')
    t.set('/n', '2')
    expect(t.events).toEqual(['w NodeDataChanged /n'])
  })

  test('a refused write fires nothing', () => {
    const t = watched()
    t.set('/n', 'x', 9)
    t.create('/n')
    expect(t.events).toEqual([])
  })

  test('fire for each ephemeral node of a session that ends', () => {
    const t = new LocalTree()
    t.create('/e1', 'ephemeral')
    t.create('/e2', 'ephemeral')
    t.watches.watchData('/e1', 'w')
    t.watches.watchData('/e2', 'w')
    t.run({ op: 'closeSession' })
    expect(t.events).toEqual(['w NodeDeleted /e1', 'w NodeDeleted /e2'])
  })

  test('of a closed connection are forgotten', () => {
    const t = watched()
    t.watches.removeWatcher('data')
    t.set('/n', 'x')
    expect(t.events).toEqual([])
  })
})
