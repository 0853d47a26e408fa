import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { type Logger, printable } from "../base/log.ts";
import type { RelayedClient } from "../engine/channels/relay/relayTypes.ts";
import type { Master } from "../master/master.ts";
import type { MasterLease } from "../master/masterRegistry.ts";
import { GuestWindow, type GuestWindowInit } from "./guestWindow.ts";
import type { Served } from "./meeting/meetingPlace.ts";
import type { Listen } from "./meeting/servedSockets.ts";
import { type Attachment, MuxConversation } from "./muxConversation.ts";
import { ProgramCalls, type SilentProgram } from "./programCalls.ts";
import type { ProgramSnapshot } from "./programTypes.ts";

export interface SharedMasterInit {
  readonly master: Master;
  /** Listens for programs, or for windows. */
  readonly listen: Listen;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another connection to the same server, with its own lease. Undefined: there is none. */
  another(master: Master): Promise<MasterLease | undefined>;
  nextId(): string;
  /** A program connected, disconnected or changed. */
  changed(): void;
  /** Serves other windows. Undefined: programs. */
  readonly windows?: Pick<GuestWindowInit, "key" | "name" | "programs">;
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
  readonly #conversations = new Set<MuxConversation>();
  readonly #programs = new Map<string, Program>();
  #served: Served | undefined;
  readonly #calls: ProgramCalls | undefined;
  #disposed = false;

  constructor(init: SharedMasterInit) {
    this.#init = init;
    this.master = init.master;
    const { windows, clock, changed } = init;
    this.#calls =
      windows === undefined
        ? new ProgramCalls({ clock, silent: () => this.#silent(), changed: () => changed() })
        : undefined;
  }

  /** The socket's name in the folder, once it listens. */
  get socketName(): string | undefined {
    return this.#served?.name;
  }

  programs(): readonly ProgramSnapshot[] {
    return [...this.#programs.values()].map(({ id, since, client, conversation, window }) => {
      const call = this.#calls?.of(id);
      const { name, pid } = window ?? readClaim(conversation.claim);
      const masterId = conversation.masterId ?? this.master.id;
      const { channels, listeners } = client;
      return Object.freeze({
        ...{ id, since, name, pid, masterId, channels, listeners },
        past: { ...client.past },
        ...(call !== undefined && { call }),
      });
    });
  }

  #silent(): readonly SilentProgram[] {
    return [...this.#programs.values()]
      .filter(({ client, conversation }) => client.sessions === 0 && !conversation.isStdio)
      .flatMap(({ id, conversation }) => {
        const { pid } = readClaim(conversation.claim);
        return pid === undefined ? [] : [{ id, pid }];
      });
  }

  /** @throws ShareError, or the system's error */
  async listen(): Promise<void> {
    const served = await this.#init.listen((socket, isStdio) => this.#serve(socket, isStdio));
    this.#served = served;
    if (this.#disposed) {
      served.dispose();
    }
  }

  /** Ends one program's channels. @returns whether the program uses this connection */
  end(id: string): boolean {
    const program = this.#programs.get(id);
    program?.conversation.kill();
    return program !== undefined;
  }

  /** Disconnects all programs. */
  dispose(): void {
    if (this.#disposed) {
      return;
    }
    this.#disposed = true;
    this.#calls?.dispose();
    this.#served?.dispose();
    for (const conversation of [...this.#conversations]) {
      conversation.dispose();
    }
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
      ...{ socket, isStdio, clock },
      attach: () => this.#attach(window),
      elsewhere: (full) => this.#elsewhere(full),
      attached: (client) => {
        const since = this.#programs.get(id)?.since ?? clock.now();
        this.#programs.set(id, { id, client, conversation, since, window });
        this.#calls?.came();
        this.#init.changed();
      },
      closed: () => {
        this.#conversations.delete(conversation);
        window?.dispose();
        this.#calls?.left(id);
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
