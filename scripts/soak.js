#!/usr/bin/env node
// Runs random trouble, many seeds on all cores, and looks for bugs.
//
//   npm run soak -- cluster | zab | control-plane | groups | exactly-once | log-mutations [--seeds A-B | --seconds N] [--json] [--trace FILE]
//   npm run soak -- zookeeper-differential [--sequences N] …
//   npm run soak -- kill [--kills N] …
//
// Exit code 3: an assertion broke, a promise was broken, or two runs of a seed differed; 1: something that must happen
// never happened; 2: a mistake on the command line.
import { existsSync } from 'node:fs'

/**
 * What can be soaked. A module has `soak`, which says how to run one seed (soak/driver.js does the rest), or is a program
 * of its own with `main(args)`, which returns the exit code.
 */
const soaks = {
  cluster: './soak/cluster.js',
  zab: './soak/zab.js',
  'control-plane': './soak/control-plane.js',
  groups: './soak/groups.js',
  'exactly-once': './soak/exactly-once.js',
  'log-mutations': './soak/log-mutations.js',
  kill: './soak/kill.js',
  'zookeeper-differential': './soak-zookeeper-differential.js',
}

process.exitCode = await main(process.argv.slice(2))

async function main([name, ...args]) {
  if (name === undefined || !Object.hasOwn(soaks, name)) {
    console.error(`soak: say what to soak: npm run soak -- ${Object.keys(soaks).join(' | ')} [options]`)
    return 2
  }
  if (!existsSync(new URL('../dist/sim/fuzz/index.js', import.meta.url))) {
    console.error('soak: the program is not built yet. Run `npm run build` first.')
    return 2
  }
  const module = new URL(soaks[name], import.meta.url)
  const { soak, main: ownMain } = await import(module)
  if (ownMain !== undefined) return ownMain(args)
  const { drive } = await import('./soak/driver.js')
  return drive({ name, module, soak }, args)
}
