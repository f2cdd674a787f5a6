/**
 * A test chain in one call: validators in this process that make a block as soon as there is a transaction, published
 * accounts with balances, and a client that talks to one of them over HTTP as an application does.
 */
import { Client } from '../client/client.ts'
import type { WaitOptions } from '../client/client.ts'
import { signTransfer, identityOf, signerOfSeed, transferCost } from '../client/transfer.ts'
import type { TransactionJson } from '../client/types.ts'
import { encodeAddress } from '../crypto/address.ts'
import { DEVNET_USERS, devnetAddress, devnetSeed } from '../params/devnet-keys.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { createSwarm } from './swarm.ts'
import type { Swarm, SwarmTransfer } from './swarm.ts'
import type { SwarmOptions } from './swarm-options.ts'

export interface DevnetAccount {
  /** `user0` … `user9`. */
  readonly name: string
  /** `icn1…` */
  readonly address: string
  /** Its home shard. */
  readonly chain: ChainId
  /** Its Ed25519 seed, which everybody knows. */
  readonly seed: Uint8Array
}

export interface Devnet {
  readonly client: Client
  readonly accounts: readonly DevnetAccount[]
  /** 32 bytes, for what is signed. */
  readonly network: Uint8Array
  /** The nodes, for whoever wants to cut or crash them. */
  readonly swarm: Swarm
  /** Signs, submits, and waits until it is final. @throws RpcRefusal, RpcFailure */
  transfer(transfer: SwarmTransfer, options?: WaitOptions): Promise<TransactionJson>
  stop(): Promise<void>
}

export type DevnetOptions = Pick<
  SwarmOptions,
  'nodes' | 'shards' | 'transport' | 'storage' | 'overrides' | 'log'
>

/** No time between blocks, and view timers that fit one process. */
const INSTANT = { minBlockIntervalMs: 0, idleIntervalMs: 1_000, deltaInitialMs: 20, deltaMinMs: 10 } as const
const ASK_EVERY_MS = 5

/** One validator and one shard unless told otherwise; runs when it returns. */
export async function createDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const overrides = { ...INSTANT, ...options.overrides }
  const swarm = await createSwarm({ nodes: 1, transport: 'memory', storage: 'memory', ...options, overrides })
  try {
    await swarm.start()
    await swarm.until(() => swarm.running.every(({ validator }) => validator?.state === 'active'), {
      what: 'every validator signs',
      timeoutMs: 30_000
    })
  } catch (error) {
    await swarm.stop()
    throw error
  }
  const { host, port } = must(swarm.node(0).rpcAddress, 'a started node answers HTTP')
  const client = new Client({ url: `http://${host}:${port}` })
  return {
    client,
    swarm,
    network: swarm.network,
    accounts: Array.from({ length: DEVNET_USERS }, (_, index) =>
      accountOf(`user${index}`, swarm.genesis.shards)
    ),
    transfer: async (transfer, wait) => transferBy(client, swarm, transfer, wait),
    stop: async () => swarm.stop()
  }
}

function accountOf(name: string, shards: number): DevnetAccount {
  const seed = devnetSeed(name)
  const { address, chain } = identityOf(signerOfSeed(seed).publicKey, shards)
  return { name, address: encodeAddress(address), chain, seed }
}

async function transferBy(
  client: Client,
  { network, genesis }: Swarm,
  { from, to, amount = 1_000_000n, nonce }: SwarmTransfer,
  wait: WaitOptions = {}
): Promise<TransactionJson> {
  const { address, chain, seed } = accountOf(from, genesis.shards)
  const account = await client.call('account_get', { address })
  const { height } = account.asOf
  const { bytes, id } = signTransfer({
    network,
    signer: seed,
    chain,
    nonce: nonce ?? BigInt(account.nextNonce),
    validUntil: height + Math.floor(genesis.params.maxLifetime / 2),
    to: devnetAddress(to),
    consumer: amount,
    ...transferCost(genesis.params)
  })
  await client.submit(bytes, wait)
  return client.waitFinal(id, { intervalMs: ASK_EVERY_MS, ...wait })
}
