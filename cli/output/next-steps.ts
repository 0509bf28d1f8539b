/** What to try after a run: commands that fit this scenario. */
import type { ScenarioPlan } from '../../sim/scenario/plan.ts'

export function nextSteps(plan: ScenarioPlan, options: { readonly traced: boolean }): string[] {
  const file = shellWord(plan.file)
  const commands: Array<readonly [command: string, why: string]> = []
  const backoff = plan.cluster.clients.find(
    (client) => client.kind === 'producer' && Number(client.config['retry.backoff.ms'] ?? 100) !== 100,
  )
  if (backoff !== undefined)
    commands.push([`trial run ${file} --set retry.backoff.ms=100`, "with the producers' default pause between retries"])
  else if (plan.cluster.clients.some((client) => client.kind === 'producer')) {
    commands.push([`trial run ${file} --set request.required.acks=1`, 'when the leader alone acknowledges'])
  }
  commands.push([`trial run ${file} --seeds 1-200`, 'does the story hang on a lucky seed?'])
  const at = `${Math.max(1, Math.floor(plan.endsUs / 2_000_000))}s`
  if (plan.cluster.brokers > 0) commands.push([`trial describe ${file} --at ${at}`, 'the cluster at that moment'])
  else commands.push([`trial zk ${file} --at ${at}`, 'the tree of ZooKeeper at that moment'])
  if (!options.traced) commands.push([`trial run ${file} --trace trace.txt`, 'every event, one line each'])
  const width = Math.max(...commands.map(([command]) => command.length))
  return commands.map(([command, why]) => `${command.padEnd(width)}  # ${why}`)
}

/** A word that a shell takes as one. */
export const shellWord = (text: string): string =>
  /^[\w./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
