/** A row's id as an address has it. What can't be one becomes 0, which no row has, so it is not found. */
export function rowId(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
}
