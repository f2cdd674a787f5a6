import { deepEqual, equal } from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import {
  CertifiedHeaderType,
  ConsensusStatusType,
  FRAME_BOUNDARY,
  FRAME_STATUS,
  STATUS_VIEWS
} from '../../../../src/codec/messages.ts'
import type { CertifiedHeader, ConsensusStatus } from '../../../../src/codec/messages.ts'
import { buildChainGenesis } from '../../../../src/chain/genesis-block.ts'
import { FINALISE } from '../../../../src/codec/statement.ts'
import { createInstance } from '../../../../src/consensus/instance.ts'
import { AntiEntropy } from '../../../../src/node/chain/anti-entropy.ts'
import type { AntiEntropyComponents } from '../../../../src/node/chain/anti-entropy.ts'
import type { Peer } from '../../../../src/net/types.ts'
import { COORD } from '../../../../src/primitives/chain-id.ts'
import { committeeOf } from '../../../../src/sharding/committee.ts'
import { aGenesis, membersOf } from '../../../support/genesis.ts'

const genesis = aGenesis()
const { header, hash } = buildChainGenesis(genesis, COORD).block
const EPOCH = 40

const boundaryOf = (epoch: number): CertifiedHeader => ({
  header: { ...header, epoch, height: epoch + 1 },
  certificate: {
    chain: COORD,
    epoch,
    view: 1,
    kind: FINALISE,
    hash,
    signers: BitArray.fromBoolArray([true, true, true, false]),
    signatures: [1, 2, 3].map(() => new Uint8Array(64))
  }
})

const theirs = (fields: Partial<ConsensusStatus>): Uint8Array =>
  ConsensusStatusType.serialize({
    chain: COORD,
    epoch: EPOCH,
    view: 1,
    finalHeight: 100,
    finalView: 0,
    notarised: BitArray.fromBitLen(STATUS_VIEWS),
    nullified: BitArray.fromBitLen(STATUS_VIEWS),
    reply: 1,
    ...fields
  })

/** A node in epoch 40 at final height 100 that has the boundary block of every epoch but 37. */
function aNode() {
  const sent: Uint8Array[] = []
  const asked: string[] = []
  const blamed: string[] = []
  const instance = createInstance(
    {
      network: header.network,
      chain: COORD,
      epoch: EPOCH,
      params: genesis.params,
      committee: committeeOf(COORD, membersOf([1, 2, 3, 4]), false),
      schedule: { leader: () => 0 },
      self: undefined,
      base: { hash, height: 100, view: 0, timeMs: 0 }
    },
    0
  )
  const parts = {
    network: {
      sendConsensus: (_peer: string, frame: Uint8Array) => sent.push(frame) > 0,
      report: (peer: string) => blamed.push(peer),
      peers: () => []
    },
    store: { boundary: (epoch: number) => (epoch === 37 ? undefined : boundaryOf(epoch)) },
    judges: {},
    instance: () => instance,
    onClaim: () => false,
    isPaused: () => false,
    onBehind: (peer: string) => asked.push(peer)
  }
  const antiEntropy = new AntiEntropy(parts as unknown as AntiEntropyComponents, COORD)
  const epochsSent = (): number[] =>
    sent
      .filter(([kind]) => kind === FRAME_BOUNDARY)
      .map((frame) => CertifiedHeaderType.deserialize(frame.subarray(1)).header.epoch)
  return { antiEntropy, sent, asked, blamed, epochsSent }
}

const PEER = 'peer' as Peer

describe('anti-entropy between epochs', () => {
  it('C20: a status of an older epoch is answered with boundaries, oldest first', async () => {
    const node = aNode()
    await node.antiEntropy.receive(PEER, FRAME_STATUS, theirs({ epoch: 36, finalHeight: 90 }))
    deepEqual(node.epochsSent(), [36, 38, 39])
    deepEqual([node.asked, node.blamed], [[], []])
  })

  it('C20: at most 16 at a time', async () => {
    const node = aNode()
    await node.antiEntropy.receive(PEER, FRAME_STATUS, theirs({ epoch: 3, finalHeight: 9 }))
    deepEqual(
      node.epochsSent(),
      Array.from({ length: 16 }, (_, i) => 3 + i)
    )
  })

  it('C20: a later epoch, or finality more than 2 heights above, is pulled for and nobody’s fault', async () => {
    const cases: [Partial<ConsensusStatus>, string[]][] = [
      [{ epoch: EPOCH + 1 }, [PEER]],
      [{ epoch: EPOCH + 9 }, [PEER]],
      [{ finalHeight: 103 }, [PEER]],
      [{ finalHeight: 102 }, []]
    ]
    for (const [fields, asked] of cases) {
      const node = aNode()
      await node.antiEntropy.receive(PEER, FRAME_STATUS, theirs(fields))
      deepEqual(node.asked, asked)
      deepEqual(node.blamed, [])
    }
  })

  it('C19: a first status is answered with the own one, an answer is not', async () => {
    for (const [reply, frames] of [
      [0, 1],
      [1, 0]
    ] as const) {
      const node = aNode()
      await node.antiEntropy.receive(PEER, FRAME_STATUS, theirs({ reply }))
      equal(node.sent.length, frames)
    }
  })

  it('C19: what is no status is the sender’s fault', async () => {
    const node = aNode()
    await node.antiEntropy.receive(PEER, FRAME_STATUS, theirs({}).subarray(1))
    deepEqual(node.blamed, [PEER])
    deepEqual(node.sent, [])
  })
})
