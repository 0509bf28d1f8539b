/** Conditions on consumer groups, whether a broker coordinates them or they form through ZooKeeper. */
import type { Condition } from '../../plan.ts'
import type { ConditionInput } from '../schema/conditions.ts'
import { type Located, listed } from '../source.ts'
import type { Compiled } from './condition-checks.ts'
import { inGroup, kindWords } from './names.ts'
import { ZooKeeperConditions } from './zk-conditions.ts'

type GroupCondition = Extract<Condition, { about: 'group' }>

export abstract class GroupConditions extends ZooKeeperConditions {
  group(node: Located<ConditionInput['group']>): Compiled {
    const group = this.names.group(node.field('group')!)
    const generation = this.count(node.field('generation'))
    const rebalances = this.count(node.field('rebalances'))
    const coordinator = node.field('coordinator')
    const members = node.field('members')
    const { is } = node.value
    const asked = [is, generation, rebalances, members, coordinator]
    if (!this.asks(node, asked, 'is, generation, members, coordinator or rebalances')) return undefined
    const led = coordinator === undefined ? undefined : this.names.broker(coordinator)
    const who = members === undefined ? {} : this.members(members, group)
    if (group === undefined || (coordinator !== undefined && led === undefined)) return undefined
    return {
      about: 'group',
      span: node.span,
      group,
      ...(is === undefined ? {} : { is }),
      ...(generation === undefined ? {} : { generation }),
      ...(rebalances === undefined ? {} : { rebalances }),
      ...(led === undefined ? {} : { coordinator: led }),
      ...who,
    }
  }

  transaction(node: Located<ConditionInput['transaction']>): Compiled {
    const subject = node.field('transaction')!
    const transactionalId = this.names.transactionalId(subject.place, subject.text)
    const epoch = this.count(node.field('epoch'))
    const coordinator = node.field('coordinator')
    const { is } = node.value
    if (!this.asks(node, [is, epoch, coordinator], 'is, epoch or coordinator')) return undefined
    const led = coordinator === undefined ? undefined : this.names.broker(coordinator)
    if (transactionalId === undefined || (coordinator !== undefined && led === undefined)) return undefined
    return {
      about: 'transaction',
      span: node.span,
      transactionalId,
      ...(is === undefined ? {} : { is }),
      ...(epoch === undefined ? {} : { epoch }),
      ...(led === undefined ? {} : { coordinator: led }),
    }
  }

  /** Their number, or their names. */
  private members(
    node: Located<string | number | readonly string[]>,
    group: string | undefined,
  ): Pick<GroupCondition, 'members' | 'size'> {
    if (!Array.isArray(node.value)) {
      const size = this.count(node as Located<string | number>)
      return size === undefined ? {} : { size }
    }
    const members: string[] = []
    for (const one of listed<string>(node as Located<readonly string[]>)) {
      const client = this.names.client(one)
      if (client === undefined) continue
      if (!inGroup(client)) this.never(one, `${client.name} is a ${kindWords[client.kind]}`)
      else if (group !== undefined && client.group !== group) this.never(one, `${client.name} is in ${client.group}`)
      else if (members.includes(client.name)) this.report.error('KS302', one.place, `${client.name} is named twice`)
      members.push(client.name)
    }
    return { members }
  }

  owner(node: Located<ConditionInput['owner']>): Compiled {
    const subject = node.field('owner')!
    const partition = this.names.partition(subject.place, subject.text)
    const group = this.names.group(node.field('group')!)
    const is = node.field('is')
    const isClient = is !== undefined && is.value !== 'none'
    const owner = isClient ? this.names.client(is, 'old-consumer', 'group-consumer')?.name : is?.value
    const believers = this.count(node.field('believers'))
    const committed = this.count(node.field('committed'))
    if (!this.asks(node, [is, believers, committed], 'is, believers or committed')) return undefined
    if (partition === undefined || group === undefined || (is !== undefined && owner === undefined)) return undefined
    return {
      about: 'owner',
      span: node.span,
      group,
      ...partition,
      ...(owner === undefined ? {} : { is: owner }),
      ...(believers === undefined ? {} : { believers }),
      ...(committed === undefined ? {} : { committed }),
    }
  }
}
