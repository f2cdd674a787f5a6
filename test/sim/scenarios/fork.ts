/**
 * C27: more members than a committee bears made two chains. Two worlds of one genesis and the same keys, one of them
 * with a machine less, are such chains; what is final in one is shown to a node of the other.
 */
import assert from 'node:assert/strict'
import { toHex } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { must } from '../../../src/primitives/errors.ts'
import { BlocksByHashType } from '../../../src/codec/messages.ts'
import { CertificateType } from '../../../src/codec/statement.ts'
import type { Certificate } from '../../../src/codec/statement.ts'
import { peerOf } from '../../../src/testing/sim/wire.ts'
import { World } from '../../../src/testing/sim/world.ts'
import { ALL, RECOVERY_MS, expectNoViolation } from './stage.ts'

const HEIGHT = 12
const init = { seed: 'two chains', params: { epochLength: 60 } }

/** A world at the height or a little above, in its first epoch. */
async function worldOf(...nodes: readonly number[]): Promise<World> {
  const world = new World(init)
  world.start(...nodes)
  assert(await world.until(() => world.height(COORD, nodes) >= HEIGHT, RECOVERY_MS), 'it came up')
  expectNoViolation(world)
  return world
}

/** The other chain: its members need more views for each block. */
async function otherCertificate(world: World, wanted: (view: number) => boolean): Promise<Certificate> {
  const { store } = world.chainOf(0, COORD)
  for (let height = HEIGHT; height > 0; height--) {
    const certificate = (await store.certificateAtOrAbove(height))?.certificate
    if (certificate !== undefined && wanted(certificate.view)) return certificate
  }
  throw new RangeError('the other chain has no such certificate')
}

async function shown(world: World, certificate: Certificate): Promise<void> {
  const judges = world.chainOf(0, COORD).judges
  const verdict = await judges.certificate(CertificateType.serialize(certificate), peerOf(1))
  assert.equal(verdict.action, 'accept', verdict.rule)
}

const halted = ({ violations }: World): boolean =>
  violations.some((text) => /honest node 0 halted/.test(text))

/** Of a view in which, or after which, a block is final here: another one is an alarm at once. */
export async function forkBelowTheFinalView(): Promise<void> {
  const [world, other] = [await worldOf(...ALL), await worldOf(0, 1, 2)]
  const { final } = world.chainOf(0, COORD).driver.instance
  await shown(world, await otherCertificate(other, (view) => view > 1 && view <= final.view))
  await world.until(() => halted(world), 1_000)
  assert(halted(world), 'the chain stopped')
  world.finish()
  other.finish()
}

/** Of a later view, but at a height where another block is final: its block is asked for, and seen to be beside ours. */
export async function forkBesideTheFinalBlock(): Promise<void> {
  const [world, other] = [await worldOf(...ALL), await worldOf(0, 1, 2)]
  const { final } = world.chainOf(0, COORD).driver.instance
  const certificate = await otherCertificate(other, (view) => view > final.view)
  let isAsked = false
  world.network.passes = ({ from, what, data }) => {
    const isWanted = from === 0 && what === 'ask-bodies'
    const hashes = isWanted ? BlocksByHashType.deserialize(data).hashes.map(toHex) : []
    isAsked ||= hashes.includes(toHex(certificate.hash))
    return true
  }
  await shown(world, certificate)
  await world.until(() => isAsked, 5_000)
  assert(isAsked, 'it asks for the block that it does not have')
  const { store } = other.chainOf(0, COORD)
  const block = must(
    store.block(must(store.heightOfHash(certificate.hash), 'it is final there')),
    'and stored'
  )
  world.chainOf(0, COORD).driver.enqueue({ type: 'block', block })
  await world.until(() => halted(world), 1_000)
  assert(halted(world), 'the chain stopped')
  world.finish()
  other.finish()
}
