/** Committees that change while chains run (C3, C24). */
import assert from 'node:assert/strict'
import { addressOfKey } from '../../../src/crypto/address.ts'
import { equal } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { buildRegistryOrder } from '../../../src/state/coord/orders.ts'
import type { RegistryOrder } from '../../../src/state/coord/orders.ts'
import { readValidator } from '../../../src/state/coord/validators.ts'
import { checkStateless } from '../../../src/state/stateless.ts'
import { readAccount } from '../../../src/state/supply.ts'
import type { World } from '../../../src/testing/sim/world.ts'
import { ALL, RECOVERY_MS, expectProgress, expectSound, highest, splitBoundary, warmWorld } from './stage.ts'

const NEWCOMER = 4
const FIVE = [...ALL, NEWCOMER]

const keyOf = (world: World, index: number): Uint8Array => {
  const key = world.node(index).validator?.publicKey
  assert(key !== undefined, `node ${index} runs with a key`)
  return key
}
const stateAt = (world: World, index = 0) => world.chainOf(index, COORD).tree.final.state

const register = (key: Uint8Array): RegistryOrder => ({
  register: { key, cooperative: 0, tip: [] }
})

/** The order of a node's validator, final. */
async function say(world: World, index: number, order: RegistryOrder): Promise<void> {
  const key = keyOf(world, index)
  const account = () => readAccount(stateAt(world), addressOfKey(key))
  await world.until(() => (account()?.mana ?? 0n) > 200n, RECOVERY_MS)
  const nonce = account()?.nonce
  assert(nonce !== undefined, 'the key has an account on coord')
  const coord = world.chainOf(index, COORD)
  const content = buildRegistryOrder({ order, nonce, validUntil: coord.store.final.height + 50 }, key)
  const bytes = world.node(index).validator?.signOrder(world.networkId, content)
  assert(bytes !== undefined, 'it may sign')
  const { shards, params } = world.genesis
  const constants = { network: world.networkId, shards, payloadBytesMax: params.payloadBytesMax }
  const checked = checkStateless(constants, bytes)
  assert(checked.ok, checked.ok ? '' : checked.detail)
  const submitted = coord.transactions.submit(checked.value)
  assert(await world.until(() => (account()?.nonce ?? 0n) > nonce, RECOVERY_MS), 'it became final')
  assert((await submitted).ok, 'it was taken')
}

/** Whether a key sits on the chain in the epoch after the running one of coordination. */
function isFrozenIn(world: World, key: Uint8Array, chain: ChainId = COORD): boolean {
  const { epochs } = world.chainOf(0, COORD)
  return epochs.memberIndex(chain, epochs.latest, key) !== undefined
}

const committeeSize = (world: World, chain: ChainId, index = 0): number =>
  world.chainOf(index, chain).driver.instance.config.committee.members.length

/** A network of four, and a fifth machine whose key was registered and is ready. */
async function withNewcomer(shards = 1): Promise<World> {
  const world = await warmWorld({ newcomers: 1, shards, params: { epochLength: 12, freezeDistance: 4 } })
  world.start(NEWCOMER)
  await world.until(() => world.node(NEWCOMER).validator?.state === 'active', RECOVERY_MS)
  await say(world, 0, register(keyOf(world, NEWCOMER)))
  return world
}

/** Ready, until an epoch is frozen in which it sits: it may be late for a freeze, and says it again. */
async function seat(world: World): Promise<void> {
  const key = keyOf(world, NEWCOMER)
  for (let attempt = 0; attempt < 3 && !isFrozenIn(world, key); attempt++) {
    await say(world, NEWCOMER, { ready: true })
    const { epochs } = world.chainOf(0, COORD)
    const before = epochs.latest
    assert(await world.until(() => epochs.latest > before, RECOVERY_MS), 'another epoch is frozen')
  }
  assert(isFrozenIn(world, key), 'the newcomer sits in the next epoch')
}

export async function boundaryOfAChange(): Promise<void> {
  const world = await withNewcomer()
  await seat(world)
  assert.equal(committeeSize(world, COORD), 4, 'the four are still on')
  await splitBoundary(world)
  const ended = await world.until(() => committeeSize(world, COORD) === 5, RECOVERY_MS)
  assert(ended, 'five members go on after it')
  await expectProgress(world, FIVE, undefined, 6)
  const { store } = world.chainOf(0, COORD)
  const led = await world.until(() => {
    const header = store.header(store.final.height)
    return header !== undefined && equal(header.proposer, keyOf(world, NEWCOMER))
  }, RECOVERY_MS)
  assert(led, 'the fifth leads')
  expectSound(world)
}

export async function leaverStopsEarly(): Promise<void> {
  const world = await warmWorld({ params: { epochLength: 12, freezeDistance: 4 } })
  const leaver = 3
  const key = keyOf(world, leaver)
  await say(world, leaver, { deregister: true })
  world.lose(leaver)
  const rest = ALL.filter((index) => index !== leaver)
  await expectProgress(world, rest)
  const left = await world.until(
    () => readValidator(stateAt(world), key)?.status === 2 && committeeSize(world, COORD) === 3,
    2 * RECOVERY_MS
  )
  assert(left, 'it was seen out without being there')
  await expectProgress(world, rest, undefined, 6)
  expectSound(world)
}

/** It dies between the view in which its last block was proposed and the one in which that becomes final. */
export async function leaverStopsOneViewEarly(): Promise<void> {
  const world = await warmWorld({ params: { epochLength: 12, freezeDistance: 4 } })
  const leaver = 3
  const key = keyOf(world, leaver)
  await say(world, leaver, { deregister: true })
  assert(await world.until(() => !isFrozenIn(world, key), RECOVERY_MS), 'the next epoch is without it')
  assert.equal(committeeSize(world, COORD), 4, 'and it still serves in the running one')
  const { vote, header } = await splitBoundary(world)
  world.lose(leaver)
  const certifiedAt = new Map<number, number>()
  world.onFinal = (node, event) => {
    if (event.chain !== COORD || event.header.height !== header.height) return
    assert.equal(event.header.view, vote.view, 'it is the block for which it stayed')
    certifiedAt.set(node, event.certificate.view)
  }
  const rest = ALL.filter((index) => index !== leaver)
  const ended = await world.until(
    () => rest.every((index) => committeeSize(world, COORD, index) === 3),
    RECOVERY_MS
  )
  assert(ended, 'the others end its epoch, and three go on')
  assert.equal(certifiedAt.size, rest.length)
  for (const view of certifiedAt.values()) assert(view > vote.view, 'a later view made it final')
  await expectProgress(world, rest, undefined, 6)
  assert.equal(readValidator(stateAt(world), key)?.status, 2, 'it has left')
  expectSound(world)
}

export async function emptyRegistrations(): Promise<void> {
  const world = await warmWorld({ params: { epochLength: 12, freezeDistance: 4 } })
  const ghosts = [1, 2, 3, 4, 5, 6].map((number) => new Uint8Array(32).fill(number))
  for (const [index, key] of ghosts.entries()) await say(world, index % 3, register(key))
  const { epochs } = world.chainOf(0, COORD)
  const before = epochs.latest
  assert(await world.until(() => epochs.latest >= before + 2, 2 * RECOVERY_MS), 'two epochs are frozen')
  for (const key of ghosts) {
    assert.equal(readValidator(stateAt(world), key)?.status, 0, 'it is registered')
    for (const chain of world.chains) assert(!isFrozenIn(world, key, chain), 'and sits nowhere')
  }
  await expectProgress(world)
  expectSound(world)
}

export async function sleepingShard(): Promise<void> {
  const world = await withNewcomer(2)
  const asleep = shardId(0)
  world.network.mute(asleep)
  await world.run(1_000)
  const height = highest(world, asleep)
  const slept = world.chainOf(0, asleep).driver.instance.config.epoch
  await seat(world)
  const coordEpoch = (): number => world.chainOf(0, COORD).driver.instance.config.epoch
  const from = coordEpoch()
  assert(await world.until(() => coordEpoch() >= from + 3, 4 * RECOVERY_MS), 'three epochs go by')
  assert.equal(highest(world, asleep), height, 'the shard slept')
  assert.equal(committeeSize(world, asleep), 4, 'under the committee of then')
  world.heal()
  const awake = await world.until(() => {
    const { config } = world.chainOf(0, asleep).driver.instance
    return config.epoch > slept + 1 && config.committee.members.length === 5
  }, 2 * RECOVERY_MS)
  assert(awake, 'it skipped the epochs that it slept through')
  await expectProgress(world, FIVE, undefined, 6)
  expectSound(world)
}
