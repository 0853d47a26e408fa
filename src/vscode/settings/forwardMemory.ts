import type * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { type ForwardSpec, formatForward, parseForward } from "../../config/forwardSpec.ts";
import { hostNames } from "../../config/hostSpec.ts";
import type { ForwardService, UsersForward } from "../../forward/forwardService.ts";
import { openForwardsKey } from "./contributionIds.ts";

const typedKey = "typedForwards";
/** Of all hosts. */
const mostTyped = 100;
/** Of one host. */
const mostOffered = 5;
/** Of the open ones. */
const mostOpen = 100;

type Memento = Pick<vscode.Memento, "get" | "update">;

/**
 * Remembers the forwards that the user started by hand: the open ones of this workspace, to offer them again after a
 * reload of the window, and the last ones of each host, to offer them in the box of *Forward Port…*. Both stay on this
 * machine, because neither is a synchronized key.
 */
export class ForwardMemory implements Disposable {
  readonly #service: Pick<ForwardService, "usersForwards" | "onDidChangeUsers">;
  readonly #open: Memento;
  readonly #typed: Memento;
  readonly #store = new DisposableStore();
  /** The open ones in the storage, as text. */
  #stored = "[]";

  /** @param open of the workspace @param typed of all windows */
  constructor(
    service: Pick<ForwardService, "usersForwards" | "onDidChangeUsers">,
    open: Memento,
    typed: Memento,
  ) {
    this.#service = service;
    this.#open = open;
    this.#typed = typed;
  }

  /** Those that were open before the window reloaded, and were not stopped. */
  before(): readonly UsersForward[] {
    return read(this.#open, openForwardsKey);
  }

  /** Stores the open ones from now on. */
  start(): void {
    this.#stored = JSON.stringify(this.before().map(asText));
    this.#store.add(this.#service.onDidChangeUsers(() => this.#update()));
  }

  /** The last ones of the host, newest first. */
  typed(host: string): readonly ForwardSpec[] {
    const { spec } = hostNames(host);
    return read(this.#typed, typedKey)
      .filter((each) => each.host === spec)
      .slice(0, mostOffered)
      .map((each) => each.spec);
  }

  /** The user typed it. */
  add(host: string, forward: ForwardSpec): void {
    this.#storeTyped([asText({ host, spec: forward }), ...this.#typedWithout(host, forward)]);
  }

  /** It is not offered any more. */
  forget(host: string, forward: ForwardSpec): void {
    this.#storeTyped(this.#typedWithout(host, forward));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #typedWithout(host: string, forward: ForwardSpec): readonly StoredForward[] {
    const removed = asText({ host, spec: forward });
    return read(this.#typed, typedKey)
      .map(asText)
      .filter((each) => each.host !== removed.host || each.forward !== removed.forward);
  }

  #storeTyped(all: readonly StoredForward[]): void {
    void this.#typed.update(typedKey, all.slice(0, mostTyped));
  }

  #update(): void {
    const open = this.#service.usersForwards().slice(0, mostOpen).map(asText);
    const text = JSON.stringify(open);
    if (text !== this.#stored) {
      this.#stored = text;
      void this.#open.update(openForwardsKey, open);
    }
  }
}

interface StoredForward {
  readonly host: string;
  /** As for `ssh`. */
  readonly forward: string;
}

function asText({ host, spec }: UsersForward): StoredForward {
  return { host: hostNames(host).spec, forward: formatForward(spec) };
}

/** What can't be read is left out: another version may have stored it. */
function read(memento: Memento, key: string): readonly UsersForward[] {
  const stored: unknown = memento.get(key);
  return (Array.isArray(stored) ? stored : []).flatMap((each: unknown): readonly UsersForward[] => {
    if (
      typeof each !== "object" ||
      each === null ||
      !("host" in each && typeof each.host === "string") ||
      !("forward" in each && typeof each.forward === "string")
    ) {
      return [];
    }
    try {
      return [{ host: each.host, spec: parseForward(each.forward) }];
    } catch {
      return [];
    }
  });
}
