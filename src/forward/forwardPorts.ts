import type { Disposable } from "../base/disposable.ts";
import type { Event } from "../base/emitter.ts";
import type { LocalProgram } from "./forwardTypes.ts";

/** Who makes a forward, of the windows that share connections. Held until it is disposed. */
export interface ForwardClaim extends Disposable {
  /** Another window makes it. Undefined: we do, and other windows leave it to us. */
  readonly other?: { readonly window: LocalProgram; readonly onDidEnd: Event<void> };
}

/** The forwards of all windows of this user. */
export interface ForwardClaims {
  /** @param key equal for equal forwards to one destination. Never rejects. */
  claim(key: string): Promise<ForwardClaim>;
}
