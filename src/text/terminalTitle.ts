/** `host`, or `host (2)` and so on: the first that is free, so that tabs and tree items can be told apart. */
export function freeTitle(host: string, taken: ReadonlySet<string>): string {
  let title = host;
  for (let number = 2; taken.has(title); number++) {
    title = `${host} (${number})`;
  }
  return title;
}
