import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { HostResolver } from "../../config/configPorts.ts";
import { hostKeysDocument } from "../../text/hostKeysText.ts";
import { hostKeyRecords } from "../../trust/hostKeyRecords.ts";
import type { KnownHostsStorage } from "../../trust/knownHostsStorage.ts";
import { LinkedDocuments } from "./linkedDocuments.ts";

const scheme = "ssh-known-keys";

export interface KnownKeySources {
  readonly resolver: Pick<HostResolver, "resolve">;
  readonly storage: KnownHostsStorage;
  readonly home: string;
}

/** Documents of a host's keys in known_hosts, with links to the lines. */
export class KnownKeyDocuments implements Disposable {
  readonly #documents: LinkedDocuments;

  constructor({ resolver, storage, home }: KnownKeySources) {
    this.#documents = new LinkedDocuments({
      ...{ scheme, home },
      read: async ({ query: host }) =>
        hostKeysDocument(host, await hostKeyRecords(await resolver.resolve(host), storage), home),
    });
  }

  /** @throws ConfigError, FileError; no document is opened then. */
  async show(host: string): Promise<void> {
    const name = printable(host).replace(/[/\\\s]+/g, " ");
    await this.#documents.show(vscode.Uri.from({ scheme, path: t("Host keys of {0}", name), query: host }));
  }

  dispose(): void {
    this.#documents.dispose();
  }
}
