/** Amounts of tokens as people read them. The ledger counts base units, a million to a token. */

export const TOKEN_UNITS = 1_000_000n
const DECIMALS = 6

/** Base units → tokens. */
export function tokenText(amount: bigint | string): string {
  const units = BigInt(amount)
  const decimals = (units % TOKEN_UNITS).toString().padStart(DECIMALS, '0').replace(/0+$/, '')
  return decimals === '' ? String(units / TOKEN_UNITS) : `${units / TOKEN_UNITS}.${decimals}`
}

/** Base units of both tokens, for a sentence. */
export const tokensText = (amounts: { readonly consumer: bigint; readonly industrial: bigint }): string =>
  `${tokenText(amounts.consumer)} consumer and ${tokenText(amounts.industrial)} industrial`
