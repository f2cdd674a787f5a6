/**
 * Loaded before a node (`node --import`), it makes that process a validator that signs twice: once a file `equivocate`
 * lies in its data directory, a second signature for another block goes out beside each of its notarise votes on the
 * coordination chain. Only tests have it: the product imports nothing of `test`, and no option of `icn` reaches it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NOTARISE, VoteType, signedBytes } from '../../src/codec/statement.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { Libp2pNetwork } from '../../src/net/network.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { readKeyFile, signerOfKey } from '../../src/node/keys.ts'
import { parseGenesis } from '../../src/params/genesis-json.ts'
import { networkId } from '../../src/params/genesis.ts'
import { must } from '../../src/primitives/errors.ts'
import { COORD } from '../../src/primitives/chain-id.ts'

/** The file in a data directory that begins it; scripts/acceptance/validators.ts writes it. */
const EQUIVOCATE = 'equivocate'

/** A property rather than a method: it is taken off its class and called for an instance. */
interface Publishing {
  publish: (this: Libp2pNetwork, ...args: Parameters<Libp2pNetwork['publish']>) => Promise<number>
}

const prototype: Publishing = Libp2pNetwork.prototype
const { publish } = prototype

function optionOf(name: string): string {
  return must(process.argv[process.argv.indexOf(name) + 1], `started with ${name}`)
}

/** The same statement about another block, signed by the same key. */
function contradicting(data: Uint8Array): Uint8Array | undefined {
  const vote = VoteType.deserialize(data)
  if (vote.kind !== NOTARISE) return undefined
  const genesis = parseGenesis(readFileSync(dataPaths(optionOf('--data')).genesis, 'utf8'))
  if (!genesis.ok) throw new RangeError(genesis.detail)
  const signer = signerOfKey(readKeyFile(optionOf('--validator'), 'validator'))
  const other = { ...vote, hash: sha256(vote.hash) }
  const signature = signer.sign(signedBytes(networkId(genesis.value), other))
  return VoteType.serialize({ ...other, signature })
}

prototype.publish = async function twice(chain, kind, data) {
  const isAsked = chain === COORD && kind === 'vote' && existsSync(join(optionOf('--data'), EQUIVOCATE))
  const second = isAsked ? contradicting(data) : undefined
  if (second !== undefined) await publish.call(this, chain, kind, second)
  return publish.call(this, chain, kind, data)
}
