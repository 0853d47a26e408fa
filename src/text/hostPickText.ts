/** The row of the host pick that connects to what was typed. */
export function connectToTyped(typed: string): string {
  return `Connect to ${typed}`;
}
