/** `1 test`, `2 tests`. Pure. @param many @default `one` with an s */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
