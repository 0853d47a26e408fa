import { CancelledError } from "../base/errors.ts";
import type { Master } from "../master/master.ts";
import type { ConnectionLink } from "../reconnect/connectionLink.ts";

/** The login for the first client of a forward without a connection: any program of this computer can be that client. */
export class DemandedLogin {
  readonly #link: Pick<ConnectionLink, "connect">;
  readonly #mayLogIn: () => Promise<boolean>;
  #asking: Promise<Master> | undefined;

  /** @param mayLogIn asks the user */
  constructor(link: Pick<ConnectionLink, "connect">, mayLogIn: () => Promise<boolean>) {
    this.#link = link;
    this.#mayLogIn = mayLogIn;
  }

  /** Clients that come meanwhile share it. @throws CancelledError if the user declines, or why the login failed */
  once(): Promise<Master> {
    this.#asking ??= this.#logIn().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #logIn(): Promise<Master> {
    try {
      // An existing connection needs no question.
      return await this.#link.connect("none");
    } catch {
      if (!(await this.#mayLogIn())) {
        throw new CancelledError();
      }
      return await this.#link.connect("attended");
    }
  }
}
