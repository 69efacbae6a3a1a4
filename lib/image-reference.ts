/** `L0-base@20260101.1-abc` -> its two parts; without a version the promoted one is meant. Pure. */
export function imageReference(ref: string): { readonly name: string; readonly version: string | undefined } {
  const [name = "", version] = ref.split("@");
  return { name, version };
}
