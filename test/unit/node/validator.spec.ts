import assert from 'node:assert/strict'
import { KIND_NAMES } from '../../../src/codec/statement.ts'
import type { Statement } from '../../../src/codec/statement.ts'
import { statementBytes } from '../../../src/codec/statement.ts'
import { Coordination } from '../../../src/node/coordination.ts'
import type { ChainNode } from '../../../src/node/chain/chain-node.ts'
import { Validator } from '../../../src/node/validator.ts'
import { GuardError } from '../../../src/store/errors.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import { SignGuard } from '../../../src/store/sign-guard.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { toHex, utf8 } from '../../../src/primitives/bytes.ts'
import { keyedCrypto } from '../../../src/testing/sim/crypto.ts'
import { FINALISE, NETWORK, NOTARISE, NULLIFY, Stage, hexOf } from '../../support/consensus.ts'
import { peer, settled } from '../../support/node-fakes.ts'

const signer = keyedCrypto.signer(utf8('v'))
const ID = new Uint8Array(32).fill(5)
const block = new Stage().block({ view: 1 })

const statement = (fields: Partial<Statement> = {}): Statement => ({
  network: NETWORK,
  chain: COORD,
  epoch: 0,
  view: 1,
  kind: NOTARISE,
  hash: block.hash,
  ...fields
})

async function aValidator() {
  const disk = new MemoryDisk()
  const store = disk.open()
  const guard = await SignGuard.create(store, { publicKey: signer.publicKey, network: NETWORK }, ID)
  return { validator: new Validator(signer, guard), disk }
}

const codeOf = (validator: Validator, one: Statement): string => {
  const verdict = validator.sign(one)
  return verdict.ok ? 'signed' : verdict.code
}

describe('C12: the validator’s key in this process', () => {
  it('C12: signs nothing while it listens', async () => {
    const { validator } = await aValidator()
    assert.deepEqual([validator.state, codeOf(validator, statement())], ['listening', 'not-signing'])
  })

  it('C4, C12: when active it signs the statement’s bytes, with what has to be durable first', async () => {
    const { validator } = await aValidator()
    validator.activate()
    const verdict = validator.sign(statement())
    assert.ok(verdict.ok)
    assert.deepEqual(verdict.value.signature, signer.sign(statementBytes(statement())))
    assert.ok(verdict.value.update.writes.length > 0)
  })

  it('C12: the guard goes first: what it refuses is not signed', async () => {
    const { validator } = await aValidator()
    validator.activate()
    assert.equal(codeOf(validator, statement()), 'signed')
    assert.equal(codeOf(validator, statement()), 'signed')
    assert.equal(codeOf(validator, statement({ hash: new Uint8Array(32).fill(1) })), 'notarised-another')
    assert.equal(KIND_NAMES[NOTARISE], 'notarise')
  })

  it('C22: its own statement, or one below the floor, is no twin’s', async () => {
    const { validator } = await aValidator()
    validator.activate()
    validator.sign(statement())
    assert.equal(await validator.noticeTwin(statement()), undefined)
    validator.guard.raiseFloor(COORD, 0, 5)
    assert.equal(await validator.noticeTwin(statement({ view: 4, kind: FINALISE })), undefined)
    assert.equal(validator.state, 'active')
  })

  it('C22: a twin’s statement stops it for good, here and after a restart', async () => {
    const { validator, disk } = await aValidator()
    validator.activate()
    const reason = await validator.noticeTwin(statement({ view: 3, kind: NULLIFY, hash: new Uint8Array(32) }))
    assert.match(reason!, /view 3/)
    assert.deepEqual([validator.state, codeOf(validator, statement())], ['refused', 'not-signing'])
    validator.activate()
    assert.equal(validator.state, 'refused')
    assert.equal(await validator.noticeTwin(statement({ view: 4 })), undefined)
    assert.equal(validator.reason, reason)
    disk.crash()
    const open = SignGuard.open(disk.open(), { publicKey: signer.publicKey, network: NETWORK }, toHex(ID))
    await assert.rejects(open, GuardError)
  })

  it('C22: a twin is noticed while listening already, before the first statement', async () => {
    const { validator } = await aValidator()
    assert.ok(await validator.noticeTwin(statement()))
    validator.activate()
    assert.equal(validator.state, 'refused')
  })

  it('C22: it knows its own key', async () => {
    const { validator } = await aValidator()
    assert.deepEqual([validator.owns(signer.publicKey), validator.owns(ID)], [true, false])
  })
})

describe('C6: coordination as shards see it', () => {
  function aCoordination() {
    const failed: unknown[] = []
    const hinted: unknown[] = []
    const final = { height: 5, hash: block.hash }
    const chain = {
      store: {
        get final() {
          return final
        },
        hashAt: (height: number) => Uint8Array.of(height)
      },
      tree: { final: block },
      certificate: undefined as unknown,
      onHint: async (certificate: unknown) => {
        hinted.push(certificate)
        throw new Error('hint')
      }
    }
    const coordination = new Coordination((error) => void failed.push(error))
    coordination.attach(chain as unknown as ChainNode)
    return { coordination, final, failed, hinted, chain }
  }

  it('C6: a final height is known at once, a later one when it is final', async () => {
    const { coordination, final } = aCoordination()
    assert.deepEqual(await coordination.hashAt(5), Uint8Array.of(5))
    const answers: (Uint8Array | undefined)[] = []
    for (const height of [6, 8]) void coordination.hashAt(height).then((hash) => answers.push(hash))
    await settled()
    assert.deepEqual(answers, [])
    final.height = 7
    coordination.advanced()
    await settled()
    assert.deepEqual(answers, [Uint8Array.of(6)])
    final.height = 8
    coordination.advanced()
    await settled()
    assert.deepEqual(answers, [Uint8Array.of(6), Uint8Array.of(8)])
  })

  it('C6: who waits at the stop gets no answer to wait for', async () => {
    const { coordination } = aCoordination()
    const waiting = coordination.hashAt(99)
    coordination.stop()
    assert.equal(await waiting, undefined)
  })

  it('C6: at most 4,096 blocks wait', async () => {
    const { coordination } = aCoordination()
    for (let i = 0; i < 4_096; i++) void coordination.hashAt(1_000 + i)
    assert.equal(await coordination.hashAt(9_999), undefined)
  })

  it('C6: shards are told of every final block', () => {
    const { coordination } = aCoordination()
    let told = 0
    coordination.onFinal(() => void told++)
    coordination.advanced()
    coordination.advanced()
    assert.equal(told, 2)
  })

  it('C9: there is a proof once a certificate is held, over the final block', () => {
    const { coordination, chain } = aCoordination()
    assert.equal(coordination.proof(), undefined)
    const certificate = new Stage().certificate(FINALISE, 1, block.hash)
    chain.certificate = certificate
    assert.deepEqual(coordination.proof(), { header: block.header, certificate })
    assert.deepEqual(coordination.tip(), { height: 5, hash: block.hash })
    assert.equal(hexOf(block), toHex(coordination.tip().hash))
  })

  it('C9: a hint goes to the coordination chain; its failure is told', async () => {
    const { coordination, failed, hinted } = aCoordination()
    coordination.hint(new Stage().certificate(FINALISE, 1, block.hash), peer('a'))
    await settled()
    assert.deepEqual([hinted.length, failed.length], [1, 1])
  })

  it('C6: before the chain is there, nothing is final', () => {
    const empty = new Coordination(() => undefined)
    assert.deepEqual([empty.finalHeight(), empty.tip().height, empty.proof()], [0, 0, undefined])
  })
})
