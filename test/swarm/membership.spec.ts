/** Validators come and go while a network runs: registered, ready before the freeze, seated, leading, leaving. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signRegistryOrder } from '../../src/client/registry-orders.ts'
import type { RegistryOrder } from '../../src/client/registry-orders.ts'
import { addressOfKey } from '../../src/crypto/address.ts'
import { publicKeyFromSeed } from '../../src/crypto/ed25519.ts'
import { keyFromSeed, writeKeyFile } from '../../src/node/keys.ts'
import { devnetSeed } from '../../src/params/devnet-keys.ts'
import { equal, isZero, toHex } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { readMix } from '../../src/state/coord/reveals.ts'
import { readValidator } from '../../src/state/coord/validators.ts'
import { addressText } from '../../src/rpc/server.ts'
import { icn } from '../support/cli.ts'
import { createSwarm } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'

const keyOf = (index: number): Uint8Array => publicKeyFromSeed(devnetSeed(`validator${index}`))

describe('membership of a running network', function () {
  this.timeout(180_000)
  let swarm: Swarm
  const folder = mkdtempSync(join(tmpdir(), 'icn-membership-'))
  const file = join(folder, 'validator4.json')

  before(async () => {
    await writeKeyFile(file, keyFromSeed('validator', devnetSeed('validator4')))
    const configure = (index: number) => (index === 4 ? { validator: file } : {})
    swarm = await createSwarm({ nodes: 5, validators: 4, transport: 'memory', storage: 'memory', configure })
    await swarm.start()
  })
  after(async () => {
    await swarm.stop()
    rmSync(folder, { recursive: true })
  })

  const state = (node = 0) => swarm.node(node).chains!.coord.tree.final.state

  /** Whether validator `index` sits everywhere in the epoch that coordination is in. */
  const sits = (index: number, node = 0): boolean => {
    const { epochs, coord } = swarm.node(node).chains!
    const { epoch } = coord.driver.instance.config
    return [COORD, shardId(0)].every((chain) => epochs.memberIndex(chain, epoch, keyOf(index)) !== undefined)
  }

  async function say(index: number, order: RegistryOrder): Promise<void> {
    const calls = swarm.node(0).port!
    const seed = devnetSeed(`validator${index}`)
    await swarm.until(
      async () => {
        const { bytes } = signRegistryOrder({
          network: swarm.network,
          signer: seed,
          order,
          nonce: calls.account(addressOfKey(keyOf(index)), COORD).nextNonce,
          validUntil: calls.head(COORD).final.header.height + 20
        })
        return (await calls.submit(bytes)).ok
      },
      { what: `validator ${index} says ${Object.keys(order)[0]}` }
    )
  }

  /** Proposers of the last final blocks of coordination, in hex. */
  const proposers = (): string[] => {
    const { store } = swarm.node(0).chains!.coord
    const { height } = store.final
    return Array.from({ length: 40 }, (_, back) => store.header(height - back)).flatMap((header) =>
      header === undefined ? [] : [toHex(header.proposer)]
    )
  }

  it('C3 d, REG-3, REG-5: a fifth validator is registered, gets ready by itself, and leads and votes from the next epoch on', async () => {
    const register = { key: keyOf(4), cooperative: 0, tip: [] }
    await say(0, { register })
    await swarm.until(() => sits(4), { what: 'it sits on both chains', timeoutMs: 60_000 })
    assert.equal(readValidator(state(), keyOf(4))?.status, 0)
    await swarm.until(() => proposers().includes(toHex(keyOf(4))), { what: 'it leads', timeoutMs: 120_000 })
    const { config } = swarm.node(4).chains!.coord.driver.instance
    const self = config.committee.members.findIndex(({ key }) => equal(key, keyOf(4)))
    assert.ok(self >= 0)
    await swarm.until(
      async () => {
        const { coord } = swarm.node(0).chains!
        const block = coord.store.block(coord.store.final.height)
        const [certificate] = block?.body.attendance.parentCertificate ?? []
        const { config: now } = coord.driver.instance
        const place = now.committee.members.findIndex(({ key }) => equal(key, keyOf(4)))
        return certificate?.epoch === now.epoch && certificate.signers.get(place)
      },
      { what: 'it votes', timeoutMs: 60_000 }
    )
  })

  it('C3 c, C24, REG-5: another leaves: it serves until it is seen out, and the chains go on without it', async () => {
    const key = join(folder, 'validator1.json')
    await writeKeyFile(key, keyFromSeed('validator', devnetSeed('validator1')))
    const rpc = ['--rpc', `http://${addressText(swarm.node(0).rpcAddress!)}`]
    const left = await icn(['validator', 'deregister', '--key', key, ...rpc], { cwd: folder })
    assert.equal(left.code, 0, left.stderr.join(' '))
    const leaving = ['validator', 'leave', '--validator', toHex(keyOf(1)), ...rpc]
    const early = await icn(leaving, { cwd: folder })
    assert.equal(early.code, 1)
    // Which of both, a slow machine decides: it may have been seen out of its seats already.
    assert.match(early.stdout, /chain coord: must go on, (?:it sits in epoch|\d+ more blocks until)/)
    await swarm.until(() => !sits(1) && readValidator(state(), keyOf(1))?.status === 2, {
      what: 'it left',
      timeoutMs: 60_000
    })
    await swarm.crash(1)
    const from = swarm.node(0).chains!.get(shardId(0))!.store.final.height
    await swarm.until(() => swarm.node(0).chains!.get(shardId(0))!.store.final.height > from + 10, {
      what: 'the shard goes on',
      timeoutMs: 60_000
    })
    const committees = swarm.running.map(({ chains }) => chains!.coord.driver.instance.config)
    const [first] = committees
    const members = first!.committee.members.map(({ key }) => toHex(key))
    assert.deepEqual(members, [0, 2, 3, 4].map((index) => toHex(keyOf(index))).sort())
  })

  it('C29, REG-13, REG-14: validators register hash chains by themselves, and reveal them once they are old enough', async () => {
    await swarm.until(() => !isZero(readMix(state())), { what: 'something was revealed', timeoutMs: 60_000 })
  })
})
