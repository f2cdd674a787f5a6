/** Signs what validators say on the coordination chain (REG-2): joining, leaving, leases, stake asked back, reveals. */
import type { Signer } from '../crypto/ports.ts'
import { buildRegistryOrder } from '../state/coord/orders.ts'
import type { RegistryTerms } from '../state/coord/orders.ts'
import { signTransaction, signerOfSeed } from './transfer.ts'
import type { SignedTransaction } from './transfer.ts'

export { buildRegistryOrder } from '../state/coord/orders.ts'
export type { RegisterValidator, RegistryOrder, RegistryTerms } from '../state/coord/orders.ts'

/** @param signer a seed of 32 bytes, or what signs for a validator key kept elsewhere */
export function signRegistryOrder(
  terms: RegistryTerms & { readonly network: Uint8Array; readonly signer: Signer | Uint8Array }
): SignedTransaction {
  const { network, signer, ...rest } = terms
  const own = signer instanceof Uint8Array ? signerOfSeed(signer) : signer
  return signTransaction(network, buildRegistryOrder(rest, own.publicKey), own)
}
