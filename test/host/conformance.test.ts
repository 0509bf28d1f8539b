import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '../../live/index.ts'
import { MemoryFileSystem, OverlayFileSystem, World } from '../../sim/kernel/index.ts'
import type { FileSystem, Host } from '../../src/host/index.ts'
import { type FileArm, fileConformance, type HostArm, hostConformance } from './conformance.ts'

/** Arms on a temporary directory that is removed after each test. */
function onDirectory(name: string, wrap: (files: FileSystem) => FileSystem, realSync: boolean): FileArm {
  let directory = ''
  return {
    name,
    open: () => {
      directory = mkdtempSync(join(tmpdir(), 'kafka-trial-files-'))
      return wrap(new NodeFileSystem(directory, { realSync }))
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  }
}

function diskOver(files: FileSystem): FileSystem {
  const world = new World({ seed: 1, network: { latencyUs: { low: 1, high: 1 } } })
  return world.addMachine('m', { files }).disk
}

fileConformance({ name: 'memory', open: () => new MemoryFileSystem(), close: () => {} })
fileConformance({ name: 'a simulated disk', open: () => diskOver(new MemoryFileSystem()), close: () => {} })
fileConformance({ name: 'an overlay', open: () => new OverlayFileSystem(new MemoryFileSystem()), close: () => {} })
fileConformance(onDirectory('a real directory', (files) => files, true))
fileConformance(onDirectory('a simulated disk over a real directory', diskOver, false))

hostConformance((): HostArm => {
  const world = new World({
    seed: 1,
    network: { latencyUs: { low: 200, high: 2000 }, bytesPerSecond: 1_000_000 },
    freezeMessages: true,
  })
  world.addMachine('a', { clock: { offsetUs: 12_345, driftPpm: -300 } })
  world.addMachine('b')
  return {
    name: 'the simulator',
    run: (machine, start) => {
      world.machine(machine).boot((host: Host) => ({ start: () => start(host), digest: () => {} }))
    },
    pass: (us) => world.run(world.now + us),
    kill: (machine) => world.machine(machine).crash(),
    close: () => {},
  }
})
