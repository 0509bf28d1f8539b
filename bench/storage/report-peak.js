/** Loaded in front of a program: when it ends, writes its peak memory, in KiB, to descriptor 3. */
import { writeSync } from 'node:fs'

process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)))
