import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";
import { type Logger, printable } from "../base/log.ts";
import type { RelayedClient } from "../engine/channels/relay/relayTypes.ts";
import type { Master } from "../master/master.ts";
import type { MasterLease } from "../master/masterRegistry.ts";
import { GuestWindow, type GuestWindowInit } from "./guestWindow.ts";
import { type Attachment, MuxConversation } from "./muxConversation.ts";
import type { ProgramSnapshot } from "./programTypes.ts";
import { markServed } from "./servedMark.ts";
import { listenIn, prepareSocketFolder, stdioSocketName } from "./socketFolder.ts";

export interface SharedMasterInit {
  readonly master: Master;
  /** The folder of the sockets. */
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another connection to the same server, with its own lease. Undefined: there is none. */
  another(master: Master): Promise<MasterLease | undefined>;
  nextId(): string;
  /** A program connected, disconnected or changed. */
  changed(): void;
  /** Serves other windows. Undefined: programs. */
  readonly windows?: Pick<GuestWindowInit, "key" | "name"> & { readonly socketName: string };
}

interface Program {
  readonly id: string;
  readonly since: number;
  readonly client: RelayedClient;
  readonly conversation: MuxConversation;
  readonly window: GuestWindow | undefined;
}

/** The highest number of clients at a time. Each takes a descriptor of the extension host. */
const mostClients = 256;

/** The socket by which other programs use one connection, and these programs. */
export class SharedMaster implements Disposable {
  readonly master: Master;
  readonly #init: SharedMasterInit;
  readonly #server: Server;
  /** For `ssh -W`, whose clients say only here what they want. Only of programs. */
  readonly #stdioServer: Server | undefined;
  readonly #conversations = new Set<MuxConversation>();
  readonly #programs = new Map<string, Program>();
  #socketName: string | undefined;
  #mark: Disposable | undefined;
  #disposed = false;

  constructor(init: SharedMasterInit) {
    this.#init = init;
    this.master = init.master;
    this.#server = this.#createServer(false);
    this.#stdioServer = init.windows === undefined ? this.#createServer(true) : undefined;
  }

  /** The socket's name in the folder, once it listens. */
  get socketName(): string | undefined {
    return this.#socketName;
  }

  programs(): readonly ProgramSnapshot[] {
    return [...this.#programs.values()].map(({ id, since, client, conversation, window }) => {
      const { name, pid } = window ?? readClaim(conversation.claim);
      const masterId = conversation.masterId ?? this.master.id;
      return Object.freeze({ id, since, name, pid, masterId, channels: client.channels });
    });
  }

  /** @throws ShareError, or the file system's error */
  async listen(): Promise<void> {
    await prepareSocketFolder(this.#init.folder);
    const name = await listenIn(this.#init.folder, this.#server, this.#init.windows?.socketName);
    if (this.#stdioServer !== undefined) {
      await listenIn(this.#init.folder, this.#stdioServer, stdioSocketName(name));
    }
    this.#mark = await markServed(this.#paths(name), this.#init.clock);
    this.#socketName = name;
    if (this.#disposed) {
      this.#mark.dispose();
      await this.#removeSocket(name);
    }
  }

  /** Ends one program's channels. @returns whether the program uses this connection */
  end(id: string): boolean {
    const program = this.#programs.get(id);
    program?.conversation.dispose();
    return program !== undefined;
  }

  /** Disconnects all programs. */
  dispose(): void {
    if (this.#disposed) {
      return;
    }
    this.#disposed = true;
    this.#mark?.dispose();
    this.#server.close();
    this.#stdioServer?.close();
    for (const conversation of [...this.#conversations]) {
      conversation.dispose();
    }
    if (this.#socketName !== undefined) {
      void this.#removeSocket(this.#socketName);
    }
  }

  async #removeSocket(name: string): Promise<void> {
    for (const path of this.#paths(name)) {
      await rm(path, { force: true }).catch(() => {});
    }
  }

  #paths(name: string): readonly string[] {
    const names = this.#stdioServer === undefined ? [name] : [name, stdioSocketName(name)];
    return names.map((each) => join(this.#init.folder, each));
  }

  #createServer(isStdio: boolean): Server {
    const server = createServer(guarded((socket: Socket) => this.#serve(socket, isStdio)));
    server.on("error", (error) => this.#init.logger.warn(`The socket for programs failed: ${error.message}`));
    return server;
  }

  #serve(socket: Socket, isStdio: boolean): void {
    if (this.#conversations.size >= mostClients || this.#disposed) {
      socket.destroy();
      return;
    }
    const { clock, logger, windows, master } = this.#init;
    const id = this.#init.nextId();
    const window = windows && new GuestWindow({ ...windows, clock, master });
    const conversation: MuxConversation = new MuxConversation({
      ...{ socket, isStdio },
      attach: () => this.#attach(window),
      elsewhere: (full) => this.#elsewhere(full),
      attached: (client) => {
        const since = this.#programs.get(id)?.since ?? clock.now();
        this.#programs.set(id, { id, client, conversation, since, window });
        this.#init.changed();
      },
      closed: () => {
        this.#conversations.delete(conversation);
        window?.dispose();
        if (this.#programs.delete(id)) {
          this.#init.changed();
        }
      },
      full: () => master.room.noteRefusal(),
      refused: (text) => {
        const who = windows === undefined ? "A program" : "Another window";
        logger.warn(`${who} was disconnected: ${printable(text)}`);
      },
      ...(window && { window }),
    });
    this.#conversations.add(conversation);
  }

  #attach(window: GuestWindow | undefined): Attachment | undefined {
    const relay = this.master.connection?.relay;
    if (relay === undefined || !this.master.isUsable) {
      return undefined;
    }
    if (window !== undefined) {
      return { relay, master: this.master, dispose: () => window.dispose() };
    }
    const lease = this.master.lease({ config: this.master.config });
    return { relay, master: this.master, dispose: () => lease.dispose() };
  }

  async #elsewhere({ master }: Attachment): Promise<Attachment | undefined> {
    master.room.noteRefusal();
    const lease = await this.#init.another(master);
    const relay = lease?.master.connection?.relay;
    if (lease === undefined || relay === undefined) {
      lease?.dispose();
      return undefined;
    }
    return { relay, master: lease.master, dispose: () => lease.dispose() };
  }
}

/** The wrapper sends `name pid`. */
function readClaim(claim: string | undefined): { readonly name?: string; readonly pid?: number } {
  const match = /^(.{1,64}) (\d{1,10})$/.exec(claim ?? "");
  return match === null ? {} : { name: match[1] ?? "", pid: Number(match[2]) };
}
