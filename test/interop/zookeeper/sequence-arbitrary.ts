/**
 * Sequences of steps of three clients, over so few paths that they meet: on existing nodes, missing ones, nodes below
 * ephemeral ones, names made by the server, and a few paths that no server accepts.
 */
import fc from 'fast-check'
import type { CreateMode } from '../../../src/zookeeper/index.ts'
import { type Action, CLIENTS, type PartStep, type PathChoice, type SessionStep, type Step } from './step.ts'

/** Of one to four steps each. */
const GROUPS_MAX = 20

const below = (...paths: string[]): fc.Arbitrary<PathChoice> =>
  fc.constantFrom(...paths).map((path) => ({ below: path }))

const inner: fc.Arbitrary<PathChoice> = fc.oneof(
  { weight: 8, arbitrary: below('/a', '/a', '/b') },
  { weight: 6, arbitrary: below('/a/x', '/a/x', '/b/x') },
  { weight: 1, arbitrary: below('/a/x/z') },
  { weight: 3, arbitrary: fc.nat({ max: 4 }).map((sequential) => ({ sequential })) },
)

const path: fc.Arbitrary<PathChoice> = fc.oneof({ weight: 19, arbitrary: inner }, { weight: 2, arbitrary: below('') })

const refusedPath = below('/', '/a/', '/a//x', '/a/./x', '/a/\u0001')

const createdPath: fc.Arbitrary<PathChoice> = fc.oneof(
  { weight: 12, arbitrary: path },
  { weight: 1, arbitrary: refusedPath },
  { weight: 1, arbitrary: fc.constantFrom('no-slash', '/', '/zookeeper').map((literal) => ({ literal })) },
)

/** `/a/` takes a name that is the number alone. All are below the root: its parent counts its children too. */
const sequentialPath: fc.Arbitrary<PathChoice> = fc.oneof(
  { weight: 12, arbitrary: below('/s-', '/a/s-', '/a/') },
  { weight: 1, arbitrary: inner },
  { weight: 1, arbitrary: refusedPath },
)

const readPath: fc.Arbitrary<PathChoice> = fc.oneof(
  { weight: 20, arbitrary: path },
  { weight: 1, arbitrary: below('/a/', '/a//x', '/a/./x') },
)

const deletedPath: fc.Arbitrary<PathChoice> = fc.oneof(
  { weight: 20, arbitrary: path },
  { weight: 1, arbitrary: below('/a/', '/a//x') },
  { weight: 1, arbitrary: fc.constantFrom('no-slash', '/', '/zookeeper/quota').map((literal) => ({ literal })) },
)

const data = fc.constantFrom('', 'x', 'other', 'h\u00e9 \u20ac \u{1f600}')
const version = fc.constantFrom(-1, -1, -1, 0, 0, 1, 2)
const watch = fc.constantFrom(true, true, false)

const plainMode: fc.Arbitrary<CreateMode> = fc.constantFrom('persistent', 'ephemeral')
const sequentialMode: fc.Arbitrary<CreateMode> = fc.constantFrom('persistent-sequential', 'ephemeral-sequential')

const create = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('create' as const), path: createdPath, data, mode: plainMode }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('create' as const), path: sequentialPath, data, mode: sequentialMode }),
  },
)
const remove = fc.record({ op: fc.constant('delete' as const), path: deletedPath, version })
const setData = fc.record({ op: fc.constant('setData' as const), path: readPath, data, version })
const check = fc.record({ op: fc.constant('check' as const), path: readPath, version })
const read = fc.record({ op: fc.constantFrom('getData', 'exists', 'getChildren'), path: readPath, watch })

const part: fc.Arbitrary<PartStep> = fc.oneof(
  { weight: 4, arbitrary: create },
  { weight: 2, arbitrary: remove },
  { weight: 2, arbitrary: setData },
  { weight: 1, arbitrary: check },
)
const multi = fc.record({ op: fc.constant('multi' as const), parts: fc.array(part, { maxLength: 4, size: 'max' }) })

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: create },
  { weight: 5, arbitrary: remove },
  { weight: 6, arbitrary: setData },
  { weight: 8, arbitrary: read },
  { weight: 16, arbitrary: multi },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('sync' as const), path: readPath }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('drop', 'reconnect', 'reconnect', 'expire', 'close') }) },
)

const client = fc.constantFrom(...CLIENTS)
const single: fc.Arbitrary<Step[]> = fc.record({ client, action }).map((step) => [step])

/** A change of a node, or of its children. */
const change: fc.Arbitrary<(target: PathChoice) => Action> = fc
  .record({
    kind: fc.constantFrom('create', 'setData', 'delete', 'delete', 'child'),
    data,
    mode: plainMode,
    childMode: sequentialMode,
  })
  .map(({ kind, data, mode, childMode }) => (path) => {
    if (kind === 'create') return { op: 'create', path, data, mode }
    if (kind === 'setData') return { op: 'setData', path, data, version: -1 }
    if (kind === 'delete') return { op: 'delete', path, version: -1 }
    const below = 'below' in path ? path.below : ''
    return { op: 'create', path: { below: `${below}/s-` }, data, mode: childMode }
  })

const watching = fc.constantFrom('getData' as const, 'exists' as const, 'getChildren' as const)

/** One client watches what another one, or itself, changes. */
const watchedChange: fc.Arbitrary<Step[]> = fc
  .tuple(inner, client, watching, client, change)
  .map(([path, watcher, op, changer, changeOf]) => [
    { client: watcher, action: { op, path, watch: true } },
    { client: changer, action: changeOf(path) },
  ])

/** A client misses a change while it is not connected, and comes back. */
const missedChange: fc.Arbitrary<Step[]> = fc
  .tuple(inner, client, fc.array(watching, { minLength: 1, maxLength: 3, size: 'max' }), client, change)
  .map(([path, watcher, ops, changer, changeOf]) => [
    ...ops.map((op): Step => ({ client: watcher, action: { op, path, watch: true } })),
    { client: watcher, action: { op: 'drop' } },
    { client: changer, action: changeOf(path) },
    { client: watcher, action: { op: 'reconnect' } },
  ])

const childOf = (below: string): Action => ({
  op: 'create',
  path: { below: `${below}/x` },
  data: '',
  mode: 'persistent',
})

/** A session ends, or only its connection, with an ephemeral node that somebody may watch. */
const ownersEnd: fc.Arbitrary<Step[]> = fc
  .record({
    path: inner,
    owner: client,
    watcher: client,
    op: watching,
    end: fc.constantFrom<SessionStep['op']>('close', 'expire', 'reconnect'),
    childWanted: fc.boolean(),
    comesBack: fc.boolean(),
  })
  .map(({ path, owner, watcher, op, end, childWanted, comesBack }) => [
    { client: owner, action: { op: 'create', path, data: 'mine', mode: 'ephemeral' } },
    ...(childWanted && 'below' in path ? [{ client: watcher, action: childOf(path.below) }] : []),
    { client: watcher, action: { op, path, watch: true } },
    { client: owner, action: { op: end } },
    ...(comesBack ? [{ client: owner, action: { op: 'reconnect' as const } }] : []),
  ])

/** Most sequences begin with some nodes, so that not everything is refused for want of a parent. */
const prelude: fc.Arbitrary<Step[]> = fc.constantFrom(0, 1, 2, 3, 3, 3).map((count) =>
  ['/a', '/a/x', '/b'].slice(0, count).map((below) => ({
    client: 'c1',
    action: { op: 'create', path: { below }, data: '', mode: 'persistent' },
  })),
)

const groups = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: single },
    { weight: 6, arbitrary: watchedChange },
    { weight: 1, arbitrary: missedChange },
    { weight: 2, arbitrary: ownersEnd },
  ),
  { minLength: 1, maxLength: GROUPS_MAX, size: 'max' },
)

export const sequenceArbitrary: fc.Arbitrary<Step[]> = fc
  .tuple(prelude, groups)
  .map(([first, rest]) => [...first, ...rest.flat()])
