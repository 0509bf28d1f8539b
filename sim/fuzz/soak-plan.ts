/** What all plans of soaks have in common: nothing is expected of them, and nobody has written them down. */
import type { ClusterPlan, ScenarioPlan, StepPlan } from '../scenario/plan.ts'

export interface SoakPlan {
  /** The soak that it belongs to, and the seed, are its file name. */
  readonly soak: string
  /** With the seed, the title. */
  readonly trouble: string
  readonly seed: number
  readonly endsUs: number
  readonly cluster: Omit<ClusterPlan, 'zookeeperConfig' | 'brokerConfigOf'>
  readonly steps: ReadonlyArray<Omit<StepPlan, 'index'>>
}

export const soakPlan = ({ soak, trouble, seed, endsUs, cluster, steps }: SoakPlan): ScenarioPlan => ({
  file: `${soak}-${seed}`,
  text: '',
  title: { en: `${trouble}, seed ${seed}` },
  shows: [],
  protocol: cluster.protocol,
  seed,
  endsUs,
  cluster: { ...cluster, zookeeperConfig: { tickTimeMs: 2000, initLimit: 10, syncLimit: 5 }, brokerConfigOf: {} },
  steps: steps.map((step, index) => ({ ...step, index })),
  expect: { messages: [], applications: [], order: [], state: [], sometimes: [], never: [], unavailable: [] },
})
