/** Methods about accounts, the pool and supply: what a chain's final state says. */
import { encodeAddress, homeShard } from '../../crypto/address.ts'
import { toHex } from '../../primitives/bytes.ts'
import { chainToJson } from '../../primitives/chain-id.ts'
import { accept } from '../../primitives/result.ts'
import { certificateJson, headerJson, integer, placeJson, supplyJson, tokensJson } from '../json.ts'
import { method } from '../method.ts'
import type { Method } from '../method.ts'
import { addressParam, chainParam, optional } from '../params.ts'
import { chainRefusal, refused } from '../refusals.ts'

const accountGet = method('account_get', {
  summary:
    'Nonces, balances, reserved amounts, mana and next co-signature of an account (on its home shard if no chain is given)',
  params: { address: addressParam, chain: optional(chainParam) },
  call(port, { address, chain: named }) {
    const chain = named ?? homeShard(address, port.info().shards)
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const account = port.account(address, chain)
    return accept({
      address: encodeAddress(address),
      chain: chainToJson(chain),
      exists: account.exists,
      nonce: integer(account.nonce),
      nextNonce: integer(account.nextNonce),
      ...tokensJson(account),
      reserved: tokensJson(account.reserved),
      mana: integer(account.mana),
      nextCosignature: integer(account.nextCosignature),
      asOf: placeJson(account.asOf)
    })
  }
})

const accountProof = method('account_proof', {
  summary:
    'Value or absence of an account on its home shard, with Merkle proof, header and finality certificate',
  params: { address: addressParam },
  async call(port, { address }) {
    const chain = homeShard(address, port.info().shards)
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const facts = await port.accountProof(address, chain)
    if (facts === undefined) return refused('NOT_CERTIFIED_YET', 'nothing above genesis is final yet')
    return accept({
      address: encodeAddress(address),
      chain: chainToJson(chain),
      exists: facts.value !== undefined,
      key: toHex(facts.key),
      value: facts.value === undefined ? null : toHex(facts.value),
      proof: {
        siblings: facts.proof.siblings.map(toHex),
        other: facts.proof.other.map(({ path, valueHash }) => ({
          path: toHex(path),
          valueHash: toHex(valueHash)
        }))
      },
      header: headerJson(facts.header),
      certificate: certificateJson(facts.certificate),
      asOf: placeJson({ chain, height: facts.header.height, hash: facts.hash })
    })
  }
})

const mempoolStatus = method('mempool_status', {
  summary: 'Fill, limits and refusal counts of a chain’s pool',
  params: { chain: chainParam },
  call(port, { chain }) {
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const { refusals, ...facts } = port.pool(chain)
    return accept({ chain: chainToJson(chain), ...facts, refusals: Object.fromEntries(refusals) })
  }
})

const supplyGet = method('supply_get', {
  summary: 'Where all units of both tokens lie, per followed chain or on one',
  params: { chain: optional(chainParam) },
  call(port, { chain: named }) {
    const refusal = named === undefined ? undefined : chainRefusal(port, named)
    if (refusal !== undefined) return refusal
    const chains = named === undefined ? port.chains() : [named]
    return accept({
      chains: chains.map((chain) => {
        const supply = port.supply(chain)
        return {
          chain: chainToJson(chain),
          consumer: supplyJson(supply, 'consumer'),
          industrial: supplyJson(supply, 'industrial'),
          asOf: placeJson(supply.asOf)
        }
      })
    })
  }
})

export const accountMethods: readonly Method[] = [accountGet, accountProof, mempoolStatus, supplyGet]
