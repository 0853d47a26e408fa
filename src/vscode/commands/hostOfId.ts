import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";

/** The host of a connection or of a session on it. No vscode. */
export function hostOfId(id: string, masters: readonly MasterSnapshot[]): string | undefined {
  for (const master of masters) {
    if (master.id === id) {
      return master.spec;
    }
    const session = master.sessions.find((each) => each.id === id);
    if (session !== undefined) {
      return session.spec;
    }
  }
  return undefined;
}
