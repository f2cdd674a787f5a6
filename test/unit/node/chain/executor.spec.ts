import assert from 'node:assert/strict'
import { buildBlock } from '../../../../src/chain/build.ts'
import type { Block } from '../../../../src/codec/block.ts'
import { bodyHash, BodyType, blockHash, transactionsRoot } from '../../../../src/codec/block.ts'
import { TransactionType } from '../../../../src/codec/transaction.ts'
import { VerifyPoolError } from '../../../../src/crypto/errors.ts'
import { addressOfKey } from '../../../../src/crypto/address.ts'
import { sha256Of } from '../../../../src/crypto/hash.ts'
import { VerifiedCache } from '../../../../src/mempool/verified-cache.ts'
import { BlockTree } from '../../../../src/node/chain/block-tree.ts'
import { Builder } from '../../../../src/node/chain/builder.ts'
import type { BuilderComponents } from '../../../../src/node/chain/builder.ts'
import { EpochBook } from '../../../../src/node/chain/epoch-book.ts'
import { Executor } from '../../../../src/node/chain/executor.ts'
import { createInstance, viewRecord } from '../../../../src/consensus/instance.ts'
import { toHex, u64be, utf8 } from '../../../../src/primitives/bytes.ts'
import type { Hex } from '../../../../src/primitives/bytes.ts'
import { shardId } from '../../../../src/primitives/chain-id.ts'
import { checkStateless, signatureJob } from '../../../../src/state/stateless.ts'
import type { CheckedTransaction } from '../../../../src/state/types.ts'
import { keyedCrypto } from '../../../../src/testing/sim/crypto.ts'
import { FINALISE, NETWORK, NOTARISE, PARAMS, WALL_MS, aBlock } from '../../../support/consensus.ts'
import { CountingVerifier, FakeClock, Signers } from '../../../support/node-fakes.ts'
import { COIN, aTransfer, genesisState } from '../../../support/state.ts'

const SHARD = shardId(0)
const alice = keyedCrypto.signer(utf8('alice'))
const party = { key: alice.publicKey, address: addressOfKey(alice.publicKey) }
const constants = { network: NETWORK, shards: 1, payloadBytesMax: PARAMS.payloadBytesMax }

function signed(nonce: bigint): CheckedTransaction {
  const unsigned = aTransfer(party, { consumer: 1n }, { nonce })
  const again = checkStateless(constants, unsigned.bytes)
  assert.ok(again.ok)
  const signature = alice.sign(signatureJob(again.value).message)
  const checked = checkStateless(constants, TransactionType.serialize({ ...unsigned.transaction, signature }))
  assert.ok(checked.ok)
  return checked.value
}

/** A shard in epoch 0 whose base is at height 1 and view 1, final. */
function aChain(transactions: readonly CheckedTransaction[] = []) {
  const signers = new Signers(4, SHARD)
  const book = signers.book(0)
  const state = genesisState([{ address: party.address, consumer: 100n * COIN, industrial: 0n }])
  const base = aBlock({ chain: SHARD, height: 1, view: 1, timeMs: WALL_MS - 1_000 })
  const attendance = [{ hash: base.hash, epoch: 0, view: 1, recorded: new Set<number>() }]
  const tree = new BlockTree({ header: base.header, hash: base.hash, attendance }, state)
  const verifier = new CountingVerifier()
  const verified = new VerifiedCache(64)
  const coordHash = sha256Of(u64be(4))
  const pool = new Map<Hex, CheckedTransaction>()
  const waits: { hash: Uint8Array | undefined } = { hash: coordHash }
  const coord = {
    hashAt: async () => waits.hash,
    tip: () => ({ height: 4, hash: coordHash }),
    finalHeight: () => 4,
    proof: () => undefined,
    hint: () => undefined,
    onFinal: () => undefined
  }
  const executor = new Executor(
    { verifier, epochs: book, tree, coord, verified, known: (key) => pool.get(key) },
    constants
  )
  const leader = book.schedule(SHARD, 0).leader(2)
  const input = {
    network: NETWORK,
    chain: SHARD,
    epoch: 0,
    view: 2,
    shards: 1,
    params: PARAMS,
    committee: signers.committee,
    schedule: book.schedule(SHARD, 0),
    parent: base,
    ancestors: [],
    state,
    parentCertificate: signers.certificate(NOTARISE, 1, base.hash),
    nowMs: WALL_MS,
    coord: { height: 4, hash: coordHash },
    proposer: signers.committee.members[leader]!.key,
    deliveries: [],
    candidates: transactions
  }
  const { block } = buildBlock(input)
  return { signers, book, base, tree, verifier, verified, executor, block, input, waits, coord, pool }
}

const outcome = async (executor: Executor, block: Block): Promise<string> => {
  const verdict = await executor.judge(block)
  if (verdict === undefined) return 'no verdict'
  return verdict.ok ? 'valid' : verdict.code
}

/** The block with other transactions that the header commits to. */
function withTransactions(block: Block, transactions: Uint8Array[], hashes: Uint8Array[]): Block {
  const body = { ...block.body, transactions }
  const bodyBytes = BodyType.serialize(body)
  const header = {
    ...block.header,
    transactionCount: transactions.length,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    transactionsRoot: transactionsRoot(hashes)
  }
  return { header, hash: blockHash(header), body, bodyBytes }
}

describe('executing a block', () => {
  it('C7: a valid block is in the tree, with the state after it', async () => {
    const { executor, block, tree } = aChain([signed(0n)])
    assert.equal(await outcome(executor, block), 'valid')
    assert.deepEqual(tree.get(toHex(block.hash))?.state.root, block.header.stateRoot)
    assert.equal(tree.size, 1)
  })

  it('C7: an invalid one is not', async () => {
    const { executor, block, tree } = aChain()
    const header = { ...block.header, stateRoot: new Uint8Array(32) }
    assert.equal(await outcome(executor, { ...block, header, hash: blockHash(header) }), 'wrong-state-root')
    assert.equal(tree.size, 0)
  })

  it('M6: each signature is verified once, whoever saw it first', async () => {
    const transactions = [signed(0n), signed(1n)]
    const { executor, block, verifier, verified } = aChain(transactions)
    verified.add(toHex(transactions[0]!.wireHash))
    await executor.judge(block)
    // One transaction, and the three signatures of the parent certificate.
    assert.equal(verifier.jobs, 1 + 3)
    await executor.judge(block)
    assert.equal(verifier.jobs, 1 + 3)
  })

  it('M6: a transaction of the pool is not read a second time', async () => {
    const [own] = [signed(0n)]
    const { executor, block, tree, pool } = aChain([signed(0n)])
    pool.set(own.key, own)
    await executor.judge(block)
    assert.equal(tree.get(toHex(block.hash))?.transactions[0], own)
  })

  it('C7: a bad signature in the body is bad-transaction, and is not remembered as verified', async () => {
    const { executor, block, verified } = aChain()
    const bad = aTransfer(party, { consumer: 1n })
    const wrong = withTransactions(block, [bad.bytes], [bad.wireHash])
    assert.equal(await outcome(executor, wrong), 'bad-transaction')
    assert.equal(verified.has(toHex(bad.wireHash)), false)
  })

  it('C7: so are bytes that are no transaction, and one for another chain', async () => {
    const { executor, block } = aChain()
    assert.equal(
      await outcome(executor, withTransactions(block, [Uint8Array.of(1)], [new Uint8Array(32)])),
      'bad-transaction'
    )
    const transactions = [aTransfer(party, { consumer: 1n }).bytes]
    const other = {
      ...block,
      header: { ...block.header, chain: shardId(1) },
      body: { ...block.body, transactions }
    }
    assert.equal(await outcome(executor, other), 'bad-transaction')
  })

  it('C7: a failure of the verifier is thrown, never a verdict', async () => {
    const { executor, block, verifier } = aChain([signed(0n)])
    verifier.failing = new VerifyPoolError({ code: 'CRYPTO_QUEUE_FULL', jobs: 1, bytes: 1 })
    await assert.rejects(executor.judge(block), VerifyPoolError)
    verifier.failing = undefined
    assert.equal(await outcome(executor, block), 'valid')
  })

  it('C7: an unknown reference, an abandoned parent or an unknown epoch is no verdict', async () => {
    const { executor, block, waits } = aChain()
    waits.hash = undefined
    assert.equal(await outcome(executor, block), 'no verdict')
    const other = aChain()
    const header = { ...other.block.header, parent: new Uint8Array(32) }
    assert.equal(await outcome(other.executor, { ...other.block, header }), 'no verdict')
    const epoch = { ...other.block.header, epoch: 9 }
    assert.equal(await outcome(other.executor, { ...other.block, header: epoch }), 'no verdict')
  })

  it('C25: a parent certificate that does not hold makes the block invalid', async () => {
    const { executor, input, signers, base } = aChain()
    const whole = signers.certificate(NOTARISE, 1, base.hash)
    const forged = { ...whole, signatures: whole.signatures.with(0, new Uint8Array(64)) }
    const { block } = buildBlock({ ...input, parentCertificate: forged })
    assert.equal(await outcome(executor, block), 'wrong-attendance')
  })

  it('C28: late votes are verified with the transactions, under the epoch’s committee', async () => {
    const { executor, input, signers, base, verifier } = aChain([signed(0n)])
    const vote = signers.vote(3, NOTARISE, 1, base.hash)
    const { block } = buildBlock({ ...input, lateVotes: [vote] })
    assert.equal(await outcome(executor, block), 'valid')
    // Three of the parent certificate, a transaction and the late vote.
    assert.equal(verifier.jobs, 3 + 1 + 1)
    for (const wrong of [{ signature: new Uint8Array(64) }, { signer: 2 }, { signer: 4 }, { view: 2 }]) {
      const other = buildBlock({ ...input, lateVotes: [{ ...vote, ...wrong }] }).block
      assert.equal(await outcome(executor, other), 'wrong-attendance')
    }
  })

  it('C28: a bad late vote is no transaction’s fault', async () => {
    const { executor, input, signers, base, verified } = aChain([signed(0n)])
    const forged = { ...signers.vote(3, NOTARISE, 1, base.hash), signature: new Uint8Array(64) }
    const { block } = buildBlock({ ...input, lateVotes: [forged] })
    assert.equal(await outcome(executor, block), 'wrong-attendance')
    assert.equal(verified.has(signed(0n).key), true)
  })

  it('C5: a certificate is judged under its own epoch’s committee, once', async () => {
    const { executor, signers, verifier, base } = aChain()
    const certificate = signers.certificate(FINALISE, 1, base.hash)
    assert.equal(await executor.certificateHolds(certificate), true)
    const jobs = verifier.jobs
    assert.equal(await executor.certificateHolds(certificate), true)
    assert.equal(verifier.jobs, jobs)
    assert.equal(await executor.certificateHolds({ ...certificate, epoch: 5 }), false)
    assert.equal(await executor.certificateHolds({ ...certificate, chain: shardId(1) }), false)
    assert.equal(await executor.certificateHolds({ ...certificate, view: 2 }), false)
    assert.equal(await executor.certificateHolds({ ...certificate, signatures: [] }), false)
  })
})

describe('building the own proposal', () => {
  function aBuilder(transactions: readonly CheckedTransaction[] = []) {
    const made = aChain()
    const { base, tree, coord, input, signers } = made
    const stored = {
      certificate: signers.certificate(NOTARISE, 1, base.hash) as
        | ReturnType<Signers['certificate']>
        | undefined
    }
    const instance = createInstance(
      {
        network: NETWORK,
        chain: SHARD,
        epoch: 0,
        params: PARAMS,
        committee: signers.committee,
        schedule: made.book.schedule(SHARD, 0),
        self: 0,
        base: { hash: base.hash, height: 1, view: 1, timeMs: base.header.timeMs }
      },
      0
    )
    const parts: BuilderComponents = {
      clock: new FakeClock(),
      tree,
      coord,
      proposer: input.proposer,
      deliveries: () => [],
      reveals: undefined,
      evidence: { offers: () => [] },
      candidates: (exclude) => transactions.filter(({ wireHash }) => !exclude.has(toHex(wireHash))),
      shards: 1,
      finalCertificate: () => stored.certificate
    }
    return { ...made, stored, instance, parts, builder: new Builder(parts) }
  }

  it('C14: its block is valid for everybody and already executed here', async () => {
    const { builder, instance, base, tree, executor } = aBuilder([signed(0n)])
    const block = builder.build(instance, 2, toHex(base.hash), false)
    assert.ok(block)
    assert.ok(tree.get(toHex(block.hash)))
    assert.equal(block.header.transactionCount, 1)
    assert.equal(block.header.coordHeight, 4)
    assert.equal(await outcome(executor, block), 'valid')
  })

  it('C14: an empty one leaves the pool alone', () => {
    const { builder, instance, base } = aBuilder([signed(0n)])
    assert.equal(builder.build(instance, 2, toHex(base.hash), true)?.header.transactionCount, 0)
  })

  it('M13: transactions of unfinal ancestors are not included twice', () => {
    const { builder, instance, base, signers } = aBuilder([signed(0n)])
    const first = builder.build(instance, 2, toHex(base.hash), false)!
    const notarisation = signers.certificate(NOTARISE, 2, first.hash)
    viewRecord(instance, 2).notarisation = notarisation
    const second = builder.build(instance, 3, toHex(first.hash), false)
    assert.equal(second?.header.transactionCount, 0)
    assert.deepEqual(second?.body.attendance.parentCertificate, [notarisation])
  })

  it('C28: it carries the votes that came after the certificate, and its child the next ones', async () => {
    const { builder, instance, parts, book, base, signers, executor } = aBuilder()
    const held = (view: number, hash: Uint8Array, ...members: readonly number[]): void => {
      const votes = members.map((member) => [member, signers.vote(member, NOTARISE, view, hash)] as const)
      viewRecord(instance, view).notarise.set(toHex(hash), new Map(votes))
    }
    held(1, base.hash, 0, 1, 2)
    const first = builder.build(instance, 2, toHex(base.hash), false)!
    assert.deepEqual(first.body.attendance.lateVotes, [])
    held(1, base.hash, 3, 0)
    held(2, first.hash, 0, 1, 2, 3)
    viewRecord(instance, 2).notarisation = signers.certificate(NOTARISE, 2, first.hash)
    const proposer = signers.committee.members[book.schedule(SHARD, 0).leader(3)]!.key
    const second = new Builder({ ...parts, proposer }).build(instance, 3, toHex(first.hash), false)!
    const late = second.body.attendance.lateVotes.map(({ view, signer }) => [view, signer])
    assert.deepEqual(late, [
      [1, 3],
      [2, 3]
    ])
    assert.equal(await outcome(executor, second), 'valid')
    viewRecord(instance, 3).notarisation = signers.certificate(NOTARISE, 3, second.hash)
    const third = builder.build(instance, 4, toHex(second.hash), false)!
    assert.deepEqual(third.body.attendance.lateVotes, [])
  })

  it('C25: without a certificate of the parent, or without the parent, there is no block', () => {
    const { builder, instance, base, stored } = aBuilder()
    assert.equal(builder.build(instance, 2, toHex(new Uint8Array(32)), false), undefined)
    stored.certificate = undefined
    assert.equal(builder.build(instance, 2, toHex(base.hash), false), undefined)
  })

  it('C25: the stored certificate has to be the parent’s', () => {
    const { builder, instance, base, stored, signers } = aBuilder()
    stored.certificate = signers.certificate(NOTARISE, 1)
    assert.equal(builder.build(instance, 2, toHex(base.hash), false), undefined)
  })

  it('C7: the reference never falls below the parent’s', () => {
    const { instance, parts, base } = aBuilder()
    const low = new Builder({
      ...parts,
      coord: { ...parts.coord, tip: () => ({ height: 0, hash: new Uint8Array(32).fill(1) }) }
    })
    const block = low.build(instance, 2, toHex(base.hash), false)
    assert.deepEqual([block?.header.coordHeight, block?.header.coordHash], [0, base.header.coordHash])
  })

  it('C14: a follower builds nothing', () => {
    const { instance, parts, base } = aBuilder()
    assert.equal(
      new Builder({ ...parts, proposer: undefined }).build(instance, 2, toHex(base.hash), false),
      undefined
    )
  })
})

describe('C2: the epoch book', () => {
  it('C2: what it does not hold it reads from the store, once', () => {
    const signers = new Signers()
    let loads = 0
    const book = new EpochBook((epoch) => {
      loads++
      return epoch <= 2 ? signers.snapshot(epoch) : undefined
    })
    assert.equal(book.snapshot(2)?.epoch, 2)
    assert.equal(book.snapshot(2)?.epoch, 2)
    assert.equal(loads, 1)
    assert.equal(book.snapshot(3), undefined)
    assert.equal(book.latest, 2)
  })

  it('C2: keeps 64 in memory and reads older ones again', () => {
    const signers = new Signers()
    const loaded: number[] = []
    const book = new EpochBook((epoch) => {
      loaded.push(epoch)
      return signers.snapshot(epoch)
    })
    for (let epoch = 0; epoch < 65; epoch++) book.add(signers.snapshot(epoch))
    book.snapshot(1)
    assert.deepEqual(loaded, [])
    book.snapshot(0)
    assert.deepEqual(loaded, [0])
    assert.equal(book.latest, 64)
  })

  it('C1: own place in a committee, for members only', () => {
    const signers = new Signers()
    const book = signers.book(0)
    const { chain } = signers
    const places = signers.list.map(({ publicKey }) => book.memberIndex(chain, 0, publicKey))
    assert.deepEqual(places, [0, 1, 2, 3])
    assert.equal(book.memberIndex(chain, 0, new Uint8Array(32)), undefined)
    assert.equal(book.memberIndex(chain, 7, signers.list[0]!.publicKey), undefined)
  })

  it('C8: one schedule for each chain and epoch', () => {
    const signers = new Signers()
    const book = signers.book(0, 1)
    assert.equal(book.schedule(signers.chain, 0), book.schedule(signers.chain, 0))
    assert.notEqual(book.schedule(signers.chain, 0), book.schedule(signers.chain, 1))
    assert.throws(() => book.schedule(signers.chain, 5), /epoch 5/)
  })
})
