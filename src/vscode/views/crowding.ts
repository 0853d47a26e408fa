/** Which connections are expanded at first. No vscode. */

/** About as many rows as a side bar shows. */
const roomyRows = 24;

interface Connection {
  readonly id: string;
  readonly sessions: readonly unknown[];
}

/**
 * A connection that is added to a view with room is expanded, so that its sessions are visible; in a full view it is
 * collapsed. The decision stays: a row that collapsed automatically would hide what the user is reading.
 */
export class Crowding {
  #open = new Map<string, boolean>();

  update(connections: readonly Connection[]): void {
    const before = this.#open;
    this.#open = new Map();
    let rows = 0;
    for (const { id, sessions } of connections) {
      const known = before.get(id);
      rows += 1 + (known === true ? sessions.length : 0);
      if (known !== undefined) {
        this.#open.set(id, known);
      }
    }
    // Decided at the first session: before, there is nothing to expand.
    for (const { id, sessions } of connections) {
      if (!this.#open.has(id) && sessions.length > 0) {
        const hasRoom = rows + sessions.length <= roomyRows;
        this.#open.set(id, hasRoom);
        rows += hasRoom ? sessions.length : 0;
      }
    }
  }

  isOpen(id: string): boolean {
    return this.#open.get(id) ?? true;
  }
}
