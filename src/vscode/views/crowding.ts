/** Which connections are open at first. No vscode. */

/** About as many rows as a side bar shows at once. */
const roomyRows = 24;

interface Connection {
  readonly id: string;
  readonly sessions: readonly unknown[];
}

/**
 * A connection that comes into a view with room is open, so that its sessions can be seen; one that comes into a full
 * view is closed. What is decided stays: a row that closes by itself would take away what someone is looking at.
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
    // The first session decides: until then there is nothing to open.
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
