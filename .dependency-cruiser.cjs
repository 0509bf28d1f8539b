/**
 * Which folder may import which (docs/ARCHITECTURE.md draws it): arrows run one way.
 *   src <- sim <- live, web <- cli
 *   inside src: host <- config, storage, protocol <- zookeeper <- broker, controller, coordinator, client <- server
 */
const may = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  // Anything under the project's folders that is not in the list of what may be imported.
  to: { path: '^(src|sim|live|cli|web)/', pathNot: to },
})

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^(src|sim|live|cli)/' }, to: {} },
    may('host-imports-nothing', '^src/host/', '^src/host/'),
    may('config', '^src/config/', '^src/(host|config)/'),
    may('protocol', '^src/protocol/', '^src/(host|protocol)/'),
    may('storage', '^src/storage/', '^src/(host|config|protocol|storage)/'),
    may('zookeeper', '^src/zookeeper/', '^src/(host|zookeeper)/'),
    may('broker', '^src/broker/', '^src/(host|config|protocol|storage|zookeeper|broker)/|^src/versions\\.ts$'),
    may('controller', '^src/controller/', '^src/(host|config|protocol|zookeeper|controller)/|^src/versions\\.ts$'),
    may(
      'coordinator',
      '^src/coordinator/',
      '^src/(host|config|protocol|storage|zookeeper|coordinator)/|^src/versions\\.ts$',
    ),
    may('client', '^src/client/', '^src/(host|config|protocol|storage|zookeeper|client)/|^src/versions\\.ts$'),
    may('server', '^src/server/', '^src/'),
    may('versions', '^src/(protocol-)?versions\\.ts$', '^src/(protocol-)?versions\\.ts$'),
    may('events', '^src/events\\.ts$', '^src/[^/]+/events\\.ts$'),
    may('kernel-knows-no-kafka', '^sim/kernel/', '^(src/host|sim/kernel)/'),
    may('sim-does-not-import-outwards', '^sim/', '^(src|sim)/'),
    may('live', '^live/', '^(src|sim|live)/'),
    {
      name: 'no-node-in-src-and-sim',
      severity: 'error',
      from: { path: '^(src|sim)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'through-the-door',
      comment: 'across the folders of src, only through index.ts (or a list of events)',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/([^/]+)/', pathNot: '^src/$1/|/(index|events)\\.ts$' },
    },
    {
      name: 'seedrandom-in-one-file',
      severity: 'error',
      from: { path: '^(src|sim|live|cli)/', pathNot: '^sim/kernel/random\\.ts$' },
      to: { path: 'node_modules/seedrandom' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test|bench|scripts)/' },
  },
}
