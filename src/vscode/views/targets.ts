/**
 * What a row, or the menu of a terminal, offers to commands. A command names the kind of target that it acts on, and
 * applies to rows with a target of that kind. No vscode.
 */

/** One target of commands. Its kind knows its value. */
export class Target {
  readonly #kind: string;

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** For logs and tests. */
  get kind(): string {
    return this.#kind;
  }
}

/** Makes targets of one kind, and reads their values. */
export class TargetKind<T> {
  readonly #name: string;
  readonly #values = new WeakMap<Target, { readonly value: T }>();

  constructor(name: string) {
    this.#name = name;
  }

  of(value: T): Target {
    const target = new Target(this.#name);
    this.#values.set(target, { value });
    return target;
  }

  /** The value of the first target of this kind; undefined: there is none. */
  in(targets: readonly Target[]): T | undefined {
    for (const target of targets) {
      const found = this.#values.get(target);
      if (found !== undefined) {
        return found.value;
      }
    }
    return undefined;
  }
}

/** A host, as typed or listed. */
export const hostTarget = new TargetKind<string>("host");
/** Several hosts at once. */
export const hostsTarget = new TargetKind<readonly string[]>("hosts");
/** The connection of the row, or of a row above it: its id. */
export const connectionTarget = new TargetKind<string>("connection");
/** A session, also an ended one: its id. */
export const sessionTarget = new TargetKind<string>("session");
/** What Disconnect and Kill end: ids of connections and sessions. */
export const liveTarget = new TargetKind<readonly string[]>("live");
/** The logins on the server of a connection: the connection's id. */
export const serverLoginsTarget = new TargetKind<string>("serverLogins");
/** One login on a server. */
export const remoteLoginTarget = new TargetKind<{ readonly masterId: string; readonly id: string }>(
  "remoteLogin",
);
/** The address of the row itself, if it has another than its connection. */
export const addressTarget = new TargetKind<string>("address");
/** A place in a local file. */
export const placeTarget = new TargetKind<{ readonly file: string; readonly line?: number }>("place");
