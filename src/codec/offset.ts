/** What an SSZ list of values of different lengths costs for each besides its bytes. */
export const OFFSET_BYTES = 4
