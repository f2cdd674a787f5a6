/** What a signature on this machine must cover, as a node tells it: network, home shard, nonce, height, parameters. */
import type { Client } from '../client/client.ts'
import { identityOf } from '../client/transfer.ts'
import { decodeAddress, encodeAddress } from '../crypto/address.ts'
import { checkParams } from '../params/check.ts'
import { devnetAddress } from '../params/devnet-keys.ts'
import { fromHex } from '../primitives/bytes.ts'
import { chainToJson } from '../primitives/chain-id.ts'
import { CliError } from './cli-error.ts'

/** Heights of its chain for which a transaction stays valid, unless the network allows fewer. */
const VALID_FOR_HEIGHTS = 100

/** @param nonce @default the account's next */
export async function termsFor(client: Client, publicKey: Uint8Array, nonce?: number) {
  const [info, { params }] = await Promise.all([client.call('node_info', {}), client.call('params_get', {})])
  const { chain, address } = identityOf(publicKey, info.shards)
  const home = chainToJson(chain)
  const [account, head] = await Promise.all([
    client.call('account_get', { address: encodeAddress(address), chain: home }),
    client.call('chain_head', { chain: home })
  ])
  const checked = checkParams(params)
  if (!checked.ok) throw new CliError(`the node at ${client.url} has other parameters: ${checked.detail}`)
  return {
    params: checked.value,
    network: fromHex(info.network, 32),
    chain,
    nonce: BigInt(nonce ?? account.nextNonce),
    validUntil: head.asOf.height + Math.min(VALID_FOR_HEIGHTS, checked.value.maxLifetime)
  }
}

/** @param option that holds it, in words @default --to and the text */
export function receiver(text: string, option?: string): Uint8Array {
  if (/^(user|load)\d{1,3}$/.test(text)) return devnetAddress(text)
  const address = decodeAddress(text)
  if (address === undefined)
    throw new CliError(
      option === undefined ? `--to ${text}: not an address` : `${option}: ${text} is no address`
    )
  return address
}
