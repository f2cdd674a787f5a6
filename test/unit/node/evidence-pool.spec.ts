import assert from 'node:assert/strict'
import { attendanceRoot, blockHash } from '../../../src/codec/block.ts'
import { EvidenceType } from '../../../src/codec/evidence.ts'
import type { Evidence } from '../../../src/codec/evidence.ts'
import { FRAME_EVIDENCE } from '../../../src/codec/messages.ts'
import { evidenceOfVotes } from '../../../src/consensus/evidence.ts'
import { createInstance } from '../../../src/consensus/instance.ts'
import { step } from '../../../src/consensus/step.ts'
import { EvidencePool } from '../../../src/node/evidence-pool.ts'
import { concat, toHex } from '../../../src/primitives/bytes.ts'
import { commit } from '../../../src/state/commit.ts'
import { recordOffence } from '../../../src/state/conduct/evidence.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { NodeStore } from '../../../src/store/node-store.ts'
import { NETWORK, NOTARISE, PARAMS, aBlock, configOf } from '../../support/consensus.ts'
import { CountingVerifier, FakeClock, FakeNetwork, Signers, peer, settled } from '../../support/node-fakes.ts'
import { genesisState } from '../../support/state.ts'

const signers = new Signers(4)
const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const EPOCH = 5
const ALICE = peer('alice')

const evidence = (view = 3, signer = 1, epoch = EPOCH): Evidence => {
  const votes = [a, b].map((hash) => signers.vote(signer, NOTARISE, view, hash, epoch))
  return evidenceOfVotes(NETWORK, signers.committee.members[signer]!.key, votes[0]!, votes[1]!)
}
const bytesOf = (one: Evidence): Uint8Array => EvidenceType.serialize(one)
const offenceOf = ({ publicKey, votes }: Evidence) => {
  const { chain, epoch, view } = votes[0]!
  return { publicKey, chain, epoch, view, kind: 1 } as const
}

async function aPool(database: KeyValueStore = new MemoryDisk().open()) {
  const nodeStore = await NodeStore.open(database, NETWORK)
  const network = new FakeNetwork()
  const clock = new FakeClock()
  const verifier = new CountingVerifier()
  const state = genesisState([])
  const taken: Evidence[] = []
  const failed: unknown[] = []
  const pool = new EvidencePool({
    network,
    clock,
    verifier,
    nodeStore,
    epochs: signers.book(EPOCH - 1, EPOCH, EPOCH + 1),
    networkId: NETWORK,
    final: () => ({ state, epoch: EPOCH }),
    onTaken: (one) => void taken.push(one),
    onChanged: () => undefined,
    onFailed: (error) => void failed.push(error)
  })
  const prove = (one: Evidence): void => {
    const ledger = new Ledger(state)
    const at = { epoch: EPOCH, height: 1, params: PARAMS }
    recordOffence(ledger, offenceOf(one), at, () => ({ consumer: 0n, industrial: 0n }))
    state.apply(commit(state, ledger.changedValues()))
  }
  return { pool, network, clock, verifier, state, taken, failed, prove, database }
}

describe('node/evidence-pool', () => {
  it('C30, REQ-13: what a peer tells is verified, kept, offered, told on to others and reported once', async () => {
    const { pool, network, taken, state } = await aPool()
    network.connected = [ALICE, peer('bob')]
    assert.equal(pool.hasWork(state), false)
    await pool.receive(ALICE, bytesOf(evidence()))
    assert.equal(pool.hasWork(state), true)
    assert.deepEqual(
      pool.offers().map(({ bytes }) => toHex(bytes)),
      [toHex(bytesOf(evidence()))]
    )
    assert.deepEqual(
      network.frames.map(({ to, frame }) => [to, toHex(frame)]),
      [['bob', toHex(concat(Uint8Array.of(FRAME_EVIDENCE), bytesOf(evidence())))]]
    )
    await pool.receive(peer('carol'), bytesOf(evidence()))
    assert.deepEqual([pool.count, taken.length, network.reports], [1, 1, []])
  })

  it('C30: what an own instance found is kept without telling the operator twice', async () => {
    const { pool, taken, verifier } = await aPool()
    pool.found(evidence())
    pool.found(evidence())
    await settled()
    assert.deepEqual([pool.count, taken.length, verifier.jobs <= 4], [1, 0, true])
  })

  it('REQ-13: what proves nothing is the peer’s fault; what only we do not know or need is not', async () => {
    const { pool, network, prove } = await aPool()
    const forged = evidence(4)
    const [first, second] = forged.votes
    const broken = { ...forged, votes: [first!, { ...second!, signature: new Uint8Array(64) }] }
    await pool.receive(ALICE, bytesOf(broken))
    await pool.receive(ALICE, Uint8Array.of(1, 2, 3))
    await pool.receive(ALICE, new Uint8Array(72 * 1024 + 1))
    assert.equal(network.reports.length, 3)
    prove(evidence(9))
    for (const one of [evidence(3, 1, 99), evidence(3, 1, EPOCH - 3), evidence(9)])
      await pool.receive(ALICE, bytesOf(one))
    assert.deepEqual([network.reports.length, pool.count], [3, 0])
  })

  it('REQ-13: of one key 8 offences wait, and a peer is heard 64 times at once, then 4 in a second', async () => {
    const { pool, verifier, clock } = await aPool()
    for (let view = 1; view <= 9; view++) await pool.receive(ALICE, bytesOf(evidence(view)))
    assert.deepEqual([pool.count, verifier.jobs], [8, 16])
    for (let told = 9; told < 64; told++) await pool.receive(ALICE, bytesOf(evidence(1)))
    await pool.receive(ALICE, bytesOf(evidence(1, 2)))
    assert.equal(pool.count, 8)
    clock.advance(250)
    await pool.receive(ALICE, bytesOf(evidence(1, 2)))
    assert.equal(pool.count, 9)
    await pool.receive(peer('bob'), bytesOf(evidence(2, 2)))
    assert.equal(pool.count, 10)
  })

  it('REQ-13: a peer is told once, and again after 60 s', async () => {
    const { pool, network, clock } = await aPool()
    await pool.receive(peer('bob'), bytesOf(evidence()))
    const told = (): number => network.frames.length
    pool.give(ALICE)
    pool.give(ALICE)
    assert.equal(told(), 1)
    clock.advance(59_999)
    pool.give(ALICE)
    assert.equal(told(), 1)
    clock.advance(1)
    pool.give(ALICE)
    assert.equal(told(), 2)
    pool.forget(ALICE)
    pool.give(ALICE)
    assert.equal(told(), 3)
  })

  it('REQ-13: at most 16 pieces at a time', async () => {
    const { pool, network } = await aPool()
    for (const signer of [0, 1, 2]) {
      for (let view = 1; view <= 8; view++) await pool.receive(peer('bob'), bytesOf(evidence(view, signer)))
    }
    pool.give(ALICE)
    assert.equal(network.frames.length, 16)
    pool.give(ALICE)
    assert.equal(network.frames.length, 24)
  })

  it('C30: it waits across a restart, and goes when the state holds the offence', async () => {
    const first = await aPool()
    await first.pool.receive(ALICE, bytesOf(evidence()))
    await first.pool.receive(ALICE, bytesOf(evidence(4)))
    const again = await aPool(first.database)
    assert.equal(again.pool.count, 2)
    again.prove(evidence())
    again.pool.settle()
    await again.pool.stop()
    assert.deepEqual(
      again.pool.offers().map(({ offence }) => offence?.view),
      [4]
    )
    assert.equal((await aPool(first.database)).pool.count, 1)
    assert.deepEqual(again.failed, [])
  })

  it('C30: what is of no known epoch after a restart makes room', async () => {
    const { database } = await aPool()
    const held = (await NodeStore.open(database, NETWORK)).evidence
    const id = new Uint8Array(32).fill(3)
    await held.put(id, bytesOf(evidence(3, 1, EPOCH + 900)))
    const after = await aPool(database)
    await after.pool.stop()
    assert.equal(after.pool.count, 0)
    assert.equal((await NodeStore.open(database, NETWORK)).evidence.count, 0)
    assert.deepEqual(after.failed, [])
  })

  it('C30: of the next epoch: it waits, and is no work yet', async () => {
    const { pool, state } = await aPool()
    await pool.receive(ALICE, bytesOf(evidence(1, 1, EPOCH + 1)))
    pool.settle()
    assert.deepEqual([pool.count, pool.hasWork(state)], [1, false])
  })

  it('C30: a block that is invalid for its parent certificate accuses its leader', async () => {
    const { pool, taken } = await aPool()
    const good = signers.certificate(NOTARISE, 1, a, EPOCH)
    const config = configOf({ self: null })
    const instance = createInstance(
      { ...config, network: NETWORK, epoch: EPOCH, committee: signers.committee },
      0
    )
    const by = instance.config.schedule.leader(2)
    const attendance = {
      parentCertificate: [{ ...good, signatures: good.signatures.slice(1) }],
      lateVotes: []
    }
    const plain = aBlock({
      network: NETWORK,
      epoch: EPOCH,
      view: 2,
      chain: signers.chain,
      proposer: signers.committee.members[by]!.key,
      attendanceRoot: attendanceRoot(attendance)
    })
    const block = { ...plain, hash: blockHash(plain.header), body: { ...plain.body, attendance } }
    pool.foundInvalid(block, instance)
    await settled()
    assert.equal(pool.count, 0)
    const env = { monoMs: 0, wallMs: 0, coordHeight: 0, work: false }
    step(instance, { type: 'vote', vote: signers.vote(by, NOTARISE, 2, block.hash, EPOCH) }, env)
    pool.foundInvalid(block, instance)
    await settled()
    assert.deepEqual([pool.count, taken.length, pool.offers()[0]?.offence?.kind], [1, 1, 4])
  })
})
