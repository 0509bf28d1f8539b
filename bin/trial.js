#!/usr/bin/env node
// The command `trial`. The work is in ../dist, which `npm install` builds.
import { existsSync } from 'node:fs'

const entry = new URL('../dist/cli/main.js', import.meta.url)
if (existsSync(entry)) {
  const { main } = await import(entry.href)
  process.exitCode = await main(process.argv.slice(2))
} else {
  process.stderr.write('trial: the program is not built yet. Run `npm install` (or `npm run build`) first.\n')
  process.exitCode = 2
}
