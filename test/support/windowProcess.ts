import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { UsePolicy } from "../../src/config/connectionPolicy.ts";
import type { KeepalivePolicy } from "../../src/config/hostConfig.ts";
import type { WindowName } from "../../src/engine/connectionEngine.ts";
import type { KeptListed } from "../../src/engine/keeper/keeperMessages.ts";
import type { ProgramSnapshot } from "../../src/share/programTypes.ts";

export type WindowRequest = { readonly id: number } & WindowOrder;

type WindowOrder =
  /** A terminal on `lab`. Waits for its prompt. */
  | {
      readonly do: "open";
      readonly command?: string | undefined;
      readonly keep?: string;
      readonly waits?: boolean;
    }
  | { readonly do: "type"; readonly tab: number; readonly text: string; readonly until: string }
  /** Waits until each terminal has opened so often. Default: a second time. */
  | { readonly do: "reopened"; readonly times?: number }
  /** From now on, lost connections reconnect without a wait. */
  | { readonly do: "hurry" }
  /** Disconnects all. */
  | { readonly do: "end" }
  | { readonly do: "share"; readonly on: boolean }
  | { readonly do: "set"; readonly user: Readonly<Record<string, unknown>> }
  /** Starts a forward of `lab`. */
  | { readonly do: "forward"; readonly text: string }
  | { readonly do: "stopForwards" }
  | { readonly do: "look" }
  /** The text of a terminal with its scrollback, and what its session reported at its end. */
  | { readonly do: "read"; readonly tab: number }
  | { readonly do: "write"; readonly tab: number; readonly text: string }
  /** The window's keeper ends, and all its sessions. */
  | { readonly do: "stopKeeper" }
  | { readonly do: "listKept" }
  /** Other programs may use its connections. The text: the variables of a terminal, as JSON. */
  | { readonly do: "shareWithPrograms" }
  | { readonly do: "endProgram"; readonly program: string }
  /** Every ssh whose ssh_config includes the files of this folder may use its connections. */
  | { readonly do: "shareEverywhere"; readonly includes: string }
  /** What logins have asked, and what is still open, in a window with WINDOW_QUESTIONS=on. */
  | { readonly do: "questions" }
  /** Answers the oldest question. Undefined: dismisses it. */
  | { readonly do: "answer"; readonly text?: string };

export interface WindowMaster {
  readonly state: string;
  readonly heldBy: WindowName | undefined;
  readonly sessions: number;
  readonly overflow: boolean;
  readonly keepalive: KeepalivePolicy;
  readonly uses: readonly UsePolicy[];
}

export interface WindowForward {
  readonly state: string;
  /** The process that makes it instead. */
  readonly servedBy: number | undefined;
  readonly openConnections: number;
}

export interface WindowReply {
  readonly id: number;
  readonly error?: string;
  readonly masters: readonly WindowMaster[];
  readonly guests: readonly ProgramSnapshot[];
  readonly programs: readonly ProgramSnapshot[];
  readonly forwards: readonly WindowForward[];
  readonly text: string;
  readonly states: readonly string[];
  readonly kept: readonly KeptListed[];
  readonly asked: readonly string[];
  /** What the user was told of the keeper. */
  readonly told: readonly string[];
}

/** A window of the editor in a process of its own: see windowChild.ts. */
export class WindowProcess {
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(reply: WindowReply): void; reject(error: Error): void }>();
  #nextId = 1;

  private constructor(child: ChildProcess) {
    this.child = child;
    child.on("message", (reply: WindowReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (reply.error === undefined) {
        waiting?.resolve(reply);
      } else {
        waiting?.reject(new Error(reply.error));
      }
    });
    child.on("exit", () => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error("the window has ended"));
      }
    });
  }

  /** @param sockets the folder of the sockets that windows share. It must not be too long. */
  static async start(
    configFile: string,
    sockets: string,
    name: string,
    execArgv: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<WindowProcess> {
    const child = fork(join(import.meta.dirname, "windowChild.ts"), [configFile, sockets, name], {
      execArgv: [...process.execArgv, ...execArgv],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, ...env },
    });
    const window = new WindowProcess(child);
    await new Promise<WindowReply>((resolve, reject) => window.#waiting.set(0, { resolve, reject }));
    return window;
  }

  ask(order: WindowOrder): Promise<WindowReply> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.child.send({ ...order, id });
    });
  }

  /** The window closes. */
  async close(): Promise<void> {
    await this.#end(() => this.child.disconnect());
  }

  async kill(): Promise<void> {
    await this.#end(() => this.child.kill("SIGKILL"));
  }

  async #end(end: () => void): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, "exit");
      end();
      await exited;
    }
  }
}
