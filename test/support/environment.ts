/** Puts variables into the environment of this process. @returns what puts back what was there */
export function enterEnvironment(wanted: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(wanted).map((key) => [key, process.env[key]] as const);
  Object.assign(process.env, wanted);
  return () => {
    for (const [key, value] of before)
      if (value === undefined) Reflect.deleteProperty(process.env, key);
      else process.env[key] = value;
  };
}
